package sipsimple

import (
	"slices"

	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// command is one call of the API. claim checks the state and the arguments and
// takes the state transition, in the caller's context (session.md 2.3); the
// command is then an event for the machine. A claimed command may find on its
// turn that the session has gone on without it, as an Accept that lost the
// race against a CANCEL does: it is then ignored.
type command interface {
	event
	claim(m *machine) error
}

// claimState moves from one of the states from to another one.
func (m *machine) claimState(method string, to State, from ...State) error {
	if err := m.requireState(method, from...); err != nil {
		return err
	}
	m.setState(to)
	return nil
}

func (m *machine) requireState(method string, allowed ...State) error {
	if state := m.state(); !slices.Contains(allowed, state) {
		return &IllegalStateError{Method: method, State: state}
	}
	return nil
}

// checkStreams refuses nil and repeated streams (SD1).
func checkStreams(method string, list []streams.MediaStream) error {
	for i, stream := range list {
		if stream == nil {
			return &ArgumentError{Method: method, Argument: "streams", Reason: "contains nil"}
		}
		if slices.Contains(list[:i], stream) {
			return &ArgumentError{Method: method, Argument: "streams", Reason: "contains a stream twice"}
		}
	}
	return nil
}

// checkCode refuses what is not a final refusal; 0 stands for the default (SD1).
func checkCode(method string, code int) error {
	if code != 0 && (code < 300 || code > 699) {
		return &ArgumentError{Method: method, Argument: "code", Reason: "is not in 300..699"}
	}
	return nil
}

func codeOr(code, standard int) int {
	if code == 0 {
		return standard
	}
	return code
}
