package core

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/internal/idtest"
)

// TestIdentifiersAreUnpredictable: those of one call, and of many, each with a
// generator of its own (reliability I18, C27).
func TestIdentifiersAreUnpredictable(t *testing.T) {
	source := &seedSource{source: rand.Reader}
	one := source.fork()
	for name, draw := range map[string]func(*random) string{
		"tag": (*random).tag, "Call-ID": (*random).callID,
		"branch": func(r *random) string { return strings.TrimPrefix(r.branch(), "z9hG4bK") },
	} {
		idtest.Unpredictable(t, name, func() string { return draw(one) })
		idtest.Unpredictable(t, "first "+name, func() string { return draw(source.fork()) })
	}
}
