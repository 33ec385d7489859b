package play

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the hash of RFC 5547
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
)

// source is the content of a file: octets that repeat up to its size. What is
// made from the seed has a prime period, so that a piece in a wrong place shows.
type source struct {
	data []byte
	size int64
	at   int64 // of the reader
}

const period = 65521

func randomSource(seed uint64, size int64) *source {
	data := make([]byte, period)
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	_, _ = rand.NewChaCha8(key).Read(data) // never fails
	return &source{data: data, size: size}
}

// piece is what is there from a position on, n octets at most, without copying.
func (s *source) piece(at int64, n int) []byte {
	if at >= s.size {
		return nil
	}
	begin := int(at % int64(len(s.data)))
	n = int(min(int64(n), s.size-at))
	return s.data[begin:min(begin+n, len(s.data))]
}

// Read implements [io.Reader].
func (s *source) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		p := s.piece(s.at, len(b)-n)
		if len(p) == 0 {
			break
		}
		n += copy(b[n:], p)
		s.at += int64(len(p))
	}
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// fresh is the same content from the beginning.
func (s *source) fresh() *source { return &source{data: s.data, size: s.size} }

// hash is the SHA-1 of the content as a file-selector has it.
func (s *source) hash() string {
	h := sha1.New() //nolint:gosec // as above
	_, _ = io.Copy(h, s.fresh())
	var b strings.Builder
	b.WriteString("sha-1")
	for _, c := range h.Sum(nil) {
		fmt.Fprintf(&b, ":%02X", c)
	}
	return b.String()
}

// sink takes an incoming file and compares it with what was sent.
type sink struct {
	want *source // nil: not known

	mu    sync.Mutex
	size  int64
	wrong bool
}

// Write implements [io.Writer].
func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(b)
	for len(b) > 0 && s.want != nil && !s.wrong {
		p := s.want.piece(s.size, len(b))
		if s.wrong = len(p) == 0 || !bytes.Equal(p, b[:len(p)]); s.wrong {
			break
		}
		s.size += int64(len(p))
		b = b[len(p):]
	}
	s.size += int64(len(b))
	return n, nil
}

// received is an incoming file as a value: its size, and whether it is the one
// that was sent.
type received struct {
	size      int64
	identical bool
}

// Names implements [match.Named].
func (r received) Names() []string { return []string{strconv.FormatInt(r.size, 10)} }

// Identical implements [match.Verbatim].
func (r received) Identical() bool { return r.identical }

func (s *sink) received() received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return received{s.size, s.want != nil && !s.wrong && s.size == s.want.size}
}

// sameTexts and sameText are what arrived, when it is what the peer sent.
type (
	sameTexts []any
	sameText  string
)

// Identical implements [match.Verbatim].
func (sameTexts) Identical() bool { return true }

// Identical implements [match.Verbatim].
func (sameText) Identical() bool { return true }
