package core

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
)

// random makes the identifiers that RFC 3261 section 19.3 wants to be
// cryptographically random. Each invitation has a generator of its own, seeded
// once from the engine's: what one call draws does not change what another
// gets, which keeps runs with a seed repeatable.
type random struct {
	state [stateSize]byte // of a ChaCha8, which in memory is five times as large
	size  int             // of what is used of it
}

// seedSource hands out seeds; it is safe for concurrent use.
type seedSource struct {
	mu     sync.Mutex
	source io.Reader
	seed   [32]byte // the one at hand
}

// fork seeds a new generator. A source that fails is a broken machine: there
// is no safe way on, so it panics.
func (s *seedSource) fork() *random {
	s.mu.Lock()
	_, err := io.ReadFull(s.source, s.seed[:])
	seed := s.seed
	clear(s.seed[:])
	s.mu.Unlock()
	if err != nil {
		panic(fmt.Sprintf("core: reading randomness: %v", err))
	}
	r := &random{}
	r.use(func(stream *rand.ChaCha8) { stream.Seed(seed) })
	return r
}

// stateSize is room for a state, with what is left of a number that was half used.
const stateSize = 80

// streams are generators at work, empty.
var streams = sync.Pool{New: func() any { return new(rand.ChaCha8) }}

// use calls f with the generator, where it was when it was used last.
func (r *random) use(f func(stream *rand.ChaCha8)) {
	stream := streams.Get().(*rand.ChaCha8)
	_ = stream.UnmarshalBinary(r.state[:r.size]) // it is a state, or nothing yet
	f(stream)
	state, _ := stream.AppendBinary(r.state[:0]) // never fails
	r.size = len(state)
	*stream = rand.ChaCha8{}
	streams.Put(stream)
}

// hex returns n random octets, at most 16, as 2n hexadecimal digits.
func (r *random) hex(n int) string {
	var space [16]byte
	buf := space[:n]
	r.use(func(stream *rand.ChaCha8) { _, _ = stream.Read(buf) }) // never fails
	return hex.EncodeToString(buf)
}

// tag is a From or To tag, 80 bits.
func (r *random) tag() string { return r.hex(10) }

// callID has 128 bits and no host part.
func (r *random) callID() string { return r.hex(16) }

// branch is a Via branch (RFC 3261 section 8.1.1.7).
func (r *random) branch() string { return "z9hG4bK" + r.hex(12) }

// intN is a number from 0 to n-1.
func (r *random) intN(n int) int {
	var drawn uint64
	r.use(func(stream *rand.ChaCha8) { drawn = stream.Uint64() })
	return int(drawn % uint64(n))
}
