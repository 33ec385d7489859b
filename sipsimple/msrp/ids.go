package msrp

import (
	cryptorand "crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
)

// IDs makes session, transaction and message ids. It may be used from any goroutine.
type IDs struct {
	mu     sync.Mutex
	stream *rand.ChaCha8
}

// NewIDs takes a seed of 256 bits from random; nil is crypto/rand. The ids are as hard to guess as the seed.
func NewIDs(random io.Reader) (*IDs, error) {
	if random == nil {
		random = cryptorand.Reader
	}
	var seed [32]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return nil, fmt.Errorf("random numbers for MSRP: %w", err)
	}
	return &IDs{stream: rand.NewChaCha8(seed)}, nil
}

// Session is a session id of 80 random bits (RFC 4975 section 14.1).
func (g *IDs) Session() string { return g.hex(10) }

// New is a transaction or message id of 64 random bits.
func (g *IDs) New() string { return g.hex(8) }

func (g *IDs) hex(n int) string {
	var raw [10]byte
	g.mu.Lock()
	_, _ = g.stream.Read(raw[:n]) // never fails
	g.mu.Unlock()
	var text [20]byte
	return string(text[:hex.Encode(text[:], raw[:n])])
}
