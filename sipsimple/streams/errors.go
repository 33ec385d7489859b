package streams

import "fmt"

// IllegalStateError says that a method of a stream was called in a state that
// does not allow it. Nothing has changed then, and nothing is posted.
type IllegalStateError struct {
	Method string // "Start"
	State  string // "NULL"
}

// Error names the method and the state.
func (e *IllegalStateError) Error() string {
	return fmt.Sprintf("%s is illegal in state %s", e.Method, e.State)
}
