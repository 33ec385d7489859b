package sipsimple

import (
	"errors"
	"fmt"
)

// ErrNotRunning is returned by [Session.Connect] and [Application.NewStream]
// when the application has not started or was told to stop.
var ErrNotRunning = errors.New("the application is not running")

// ErrNoSession is returned by the methods of a nil *[Session].
var ErrNoSession = errors.New("there is no session")

// IllegalStateError is returned by a method that the state of its object
// forbids. Nothing has changed.
type IllegalStateError struct {
	Method string
	State  State
}

// Error names the method and the state.
func (e *IllegalStateError) Error() string {
	return fmt.Sprintf("%s cannot be called in state %s", e.Method, e.State)
}

// IllegalDirectionError is returned by a method that belongs to the other
// direction of a transfer. Nothing has changed.
type IllegalDirectionError struct {
	Method    string
	Direction string
}

// Error names the method and the direction.
func (e *IllegalDirectionError) Error() string {
	return fmt.Sprintf("%s cannot be called with direction %q", e.Method, e.Direction)
}

// ArgumentError is returned by a method for an argument it cannot use (SD1).
// Nothing has changed.
type ArgumentError struct {
	Method   string
	Argument string
	Reason   string
}

// Error names the method and the argument, and says what is wrong.
func (e *ArgumentError) Error() string {
	return fmt.Sprintf("%s: %s %s", e.Method, e.Argument, e.Reason)
}
