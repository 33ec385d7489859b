package sipsimple_test

import (
	"sync"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple"
)

// TestDefaultIsOne: from wherever it is asked for, Default is the same
// application; others are independent of it (row A2).
func TestDefaultIsOne(t *testing.T) {
	first := sipsimple.Default()
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if sipsimple.Default() != first {
				t.Error("Default is another application")
			}
		})
	}
	all.Wait()
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		if alice.Application == bob.Application || alice.Center() == bob.Center() || alice.SessionManager() == bob.SessionManager() {
			t.Error("two applications share something")
		}
		stop(alice)
		if !bob.Running() || first.State() != "" {
			t.Errorf("after the stop of another application: bob runs %v, Default is %q", bob.Running(), first.State())
		}
		stop(bob)
	})
}
