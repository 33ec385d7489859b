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
var MostAtATime = 32 * runtime.NumCPU()

// DefaultLongest is how long a case may take in real time.
const DefaultLongest = 60 * time.Second

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
	takes := playCase(c, Options{Streams: o.Streams}).Virtual - settling(c, false) + settling(c, true)
	if takes <= longest {
		return ""
	}
	return fmt.Sprintf("takes %v in real time, more than %v", takes.Round(time.Second), longest)
}

// settling is how long time runs on after the last step. What comes late is found
// in virtual time; in real time nobody waits for it, unless the file says so.
func settling(c *scenario.Case, real bool) time.Duration {
	switch {
	case real && (c.Settle == 0 || c.Settle == scenario.DefaultSettle):
		return realSettle
	case c.Settle == 0:
		return scenario.DefaultSettle
	}
	return c.Settle
}

const realSettle = 5 * time.Second
