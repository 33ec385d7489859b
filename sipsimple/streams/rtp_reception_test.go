package streams

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestReceptionCounts: whatever is lost, late or doubled, the numbers are those
// of RFC 3550 appendix A.3, over the wrap of the sequence numbers too.
func TestReceptionCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r reception
		first := rapid.Uint16().Draw(t, "first")
		now := time.Unix(1000, 0)
		sent := rapid.IntRange(1, 300).Draw(t, "sent")
		last, received := 0, 0
		for i := range sent {
			if i > 0 && rapid.IntRange(0, 4).Draw(t, "fate") == 0 {
				continue
			}
			r.packet(first+uint16(i), uint32(160*i), 8000, true, now.Add(time.Duration(i)*20*time.Millisecond))
			last, received = i, received+1
		}
		if want := int32(last + 1 - received); r.lost() != want {
			t.Fatalf("lost %d, want %d", r.lost(), want)
		}
		if r.jitter != 0 {
			t.Fatalf("jitter %d of packets in time", r.jitter)
		}
		blocks := r.report(now)
		if want := uint32(first) + uint32(last); blocks[0].LastSequenceNumber != want {
			t.Fatalf("highest %d, want %d", blocks[0].LastSequenceNumber, want)
		}
		if again := r.report(now)[0]; again.FractionLost != 0 {
			t.Fatalf("loss of an empty interval %d", again.FractionLost)
		}
	})
}

// TestReceptionRestart: one stray packet is not followed, two in a row are.
func TestReceptionRestart(t *testing.T) {
	var r reception
	now := time.Unix(1000, 0)
	for i := range uint16(20) {
		r.packet(i, 0, 8000, false, now)
	}
	r.packet(40000, 0, 8000, false, now)
	r.packet(20, 0, 8000, false, now)
	if r.lost() != 0 || r.highest != 20 {
		t.Fatalf("after a stray packet: lost %d, highest %d", r.lost(), r.highest)
	}
	r.packet(50000, 0, 8000, false, now)
	r.packet(50001, 0, 8000, false, now)
	r.packet(50002, 0, 8000, false, now)
	if r.lost() != 0 || r.highest != 50002 {
		t.Fatalf("after a restart: lost %d, highest %d", r.lost(), r.highest)
	}
}

// FuzzControl: nothing that comes to the RTCP port panics.
func FuzzControl(f *testing.F) {
	f.Add([]byte{0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 1, 0, 0, 0, 1})
	f.Add([]byte{0x81, 202, 0, 6, 0, 0, 0, 1, 1, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		if packets, ok := parseControl(data); ok && len(packets) == 0 {
			t.Fatal("accepted, but empty")
		}
	})
}
