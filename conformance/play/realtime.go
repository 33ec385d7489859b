package play

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
)

// MostAtATime is how many cases are played at a time in real time, where they
// mostly wait.
const MostAtATime = 256

// DefaultLongest is how long a case may take in real time.
const DefaultLongest = 100 * time.Second

// beginnings bounds how many cases begin at a time in real time: that is when
// they need the processor.
var beginnings = make(chan struct{}, runtime.NumCPU())

// realTime runs a body outside of any bubble. Its panic is an error.
func realTime(body func()) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &simnet.PanicError{Value: value, Stack: string(debug.Stack())}
		}
	}()
	body()
	return nil
}

// tooLong is why a case is not played in real time: it takes too long, as the
// simulated world tells within milliseconds. "" means that it can be played.
func tooLong(c *scenario.Case, o Options) string {
	longest := o.Longest
	if longest == 0 {
		longest = DefaultLongest
	}
	if longest < 0 || len(c.Worlds) > 0 && !slices.Contains(c.Worlds, Sim) {
		return ""
	}
	takes := playCase(c, Options{Streams: o.Streams}).Virtual
	if takes <= longest {
		return ""
	}
	return fmt.Sprintf("takes %v in real time, more than %v", takes.Round(time.Second), longest)
}
