package play

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// environment is what matchers see of the run: variables, labels and dialogs.
// Observers use it, too, on the dispatchers of their parties.
type environment struct {
	w *world

	mu     sync.Mutex
	vars   map[string]any
	labels map[string]time.Duration
}

func newEnvironment(w *world) *environment {
	return &environment{w: w, vars: map[string]any{}, labels: map[string]time.Duration{match.Start: 0, stepBefore: 0}}
}

// Tolerance implements [match.Tolerant].
func (e *environment) Tolerance() time.Duration { return e.w.tolerance }

// stepBefore is the label of the instant that the last step was done.
const stepBefore = ""

func (e *environment) Lookup(name string) (any, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v, ok := e.vars[name]
	return v, ok
}

func (e *environment) Bind(name string, value any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.vars[name] = value
}

func (e *environment) Instant(label string) (time.Duration, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at, ok := e.labels[label]
	return at, ok
}

func (e *environment) Label(name string, at time.Duration, _ match.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.labels[name] = at
}

// mark gives a label its instant.
func (e *environment) mark(label string, at time.Duration) { e.Label(label, at, match.Event{}) }

// Subject finds the dialog or the contact of party#session.
func (e *environment) Subject(kind, subject string) (any, error) {
	name, session, _ := strings.Cut(subject, "#")
	p := e.w.party(strings.TrimSpace(name))
	if p == nil {
		return nil, fmt.Errorf("no party %s", name)
	}
	if kind == "contact" {
		return p.contact(), nil
	}
	rec, err := p.session(session)
	if err != nil {
		return nil, err
	}
	return e.w.wire.dialog(rec.callerTag())
}
