package wire_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// seed gives the fuzzer messages: those of RFC 4475 if they are at hand.
func seed(f *testing.F) {
	f.Add([]byte(invite))
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nf:<sip:a>;tag=1\r\nt:sip:b;tag=2\r\ni:1\r\nCSeq:1 BYE\r\nl:0\r\n\r\n"))
	dir := os.Getenv("SIP_TORTURE")
	files, err := filepath.Glob(filepath.Join(dir, "rfc4475", "*.dat"))
	if dir == "" || err != nil {
		return
	}
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			f.Add(data)
		}
	}
}

// FuzzGuard: no input makes the guard panic; what it accepts it accepts again
// when it is written out, and its answers are whole.
func FuzzGuard(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, stream := range []bool{false, true} {
			r := wire.Inspect(data, stream, peer)
			switch r.Verdict {
			case wire.Refuse:
				if !bytes.HasSuffix(r.Answer, []byte("Content-Length: 0\r\n\r\n")) || bytes.Count(r.Answer, []byte("\r\n\r\n")) != 1 {
					t.Fatalf("answer %q", r.Answer)
				}
			case wire.Accept:
				octets, err := wire.Marshal(r.Msg)
				if err != nil {
					t.Fatalf("cannot be written: %v", err)
				}
				if again := wire.Inspect(octets, false, peer); again.Verdict != wire.Accept && len(octets) < wire.MaxMessage {
					t.Fatalf("written as %q it is not accepted: %s", octets, again.Reason)
				}
				if req := (wire.Message{Msg: r.Msg}).Request(); req != nil {
					wire.Validate(req, sut)
				}
			}
		}
	})
}

// FuzzStream: a stream is cut in the same way however it is split, and each
// message has its whole body.
func FuzzStream(f *testing.F) {
	f.Add([]byte(invite+invite), uint8(7))
	f.Add([]byte("\r\n\r\n"+invite+"\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, piece uint8) {
		whole := wire.CutStream(data, len(data)+1)
		pieces := wire.CutStream(data, int(piece)+1)
		if len(whole) != len(pieces) {
			t.Fatalf("cut into %d messages at once, %d in pieces", len(whole), len(pieces))
		}
		for i := range whole {
			if !bytes.Equal(whole[i], pieces[i]) {
				t.Fatalf("message %d differs:\n%q\n%q", i, whole[i], pieces[i])
			}
		}
	})
}

func BenchmarkGuard(b *testing.B) {
	data := []byte(invite)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if r := wire.Inspect(data, false, peer); r.Verdict != wire.Accept {
			b.Fatal(r.Reason)
		}
	}
}

// BenchmarkParse is a whole round: read, write, read.
func BenchmarkParse(b *testing.B) {
	data := []byte(invite)
	b.ReportAllocs()
	for b.Loop() {
		r := wire.Inspect(data, false, peer)
		octets, err := wire.Marshal(r.Msg)
		if err != nil {
			b.Fatal(err)
		}
		if r = wire.Inspect(octets, true, peer); r.Verdict != wire.Accept {
			b.Fatal(r.Reason)
		}
	}
}

func BenchmarkRefuse(b *testing.B) {
	data := []byte(swap(b, "SIP/2.0\r\nVia", "SIP/3.0\r\nVia"))
	b.ReportAllocs()
	for b.Loop() {
		if r := wire.Inspect(data, false, peer); r.Code != 505 {
			b.Fatal(r.Reason)
		}
	}
}
