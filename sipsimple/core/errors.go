package core

import (
	"errors"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Error is an operation that the stack refused: nothing has left this host.
// What could not be delivered, as to a peer that refuses the connection, is no
// such error.
type Error struct{ Err error }

// Error begins with "SIP core error: " (seed: failure_reason and end_reason).
func (e *Error) Error() string { return "SIP core error: " + e.Err.Error() }

// Unwrap is what was wrong.
func (e *Error) Unwrap() error { return e.Err }

// refusedHere makes an *Error of what the transport refused to send.
func refusedHere(err error) error {
	if refused, ok := errors.AsType[*wire.RefusedError](err); ok {
		return &Error{refused.Err}
	}
	return err
}
