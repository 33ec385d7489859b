package streams

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"
)

// FuzzParseRTP: nothing panics, and both readers agree.
func FuzzParseRTP(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x80, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9})
	f.Add([]byte{0xA0, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 200})
	f.Add([]byte{0x9F, 0x08, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xBE, 0xDE, 0xFF, 0xFF})
	f.Add([]byte{0x40, 0x08, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		var ours, theirs rtp.Packet
		ok := parseRTP(&ours, data)
		want := theirs.Unmarshal(data) == nil && theirs.Version == 2
		if ok != want {
			t.Fatalf("accepted: %t, want %t", ok, want)
		}
		if ok && (!bytes.Equal(ours.Payload, theirs.Payload) || ours.SSRC != theirs.SSRC || ours.Marker != theirs.Marker ||
			ours.SequenceNumber != theirs.SequenceNumber || ours.PayloadType != theirs.PayloadType || ours.Timestamp != theirs.Timestamp) {
			t.Fatalf("read %+v, want %+v", ours.Header, theirs.Header)
		}
	})
}
