// Package match judges: a log of events and a list of expected items go in, a
// verdict comes out. It knows nothing of files, networks or clocks.
package match

import (
	"fmt"
	"time"
)

// Pos is a place in a scenario file.
type Pos struct {
	File      string
	Line, Col int
}

// String is file:line:col.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Env is what matchers look up while they match.
type Env interface {
	Lookup(name string) (value any, ok bool)       // a variable bound by let
	Bind(name string, value any)                   // let $name
	Subject(kind, subject string) (any, error)     // kind is "dialog" or "contact": `dialog of carol#two`
	Instant(label string) (time.Duration, bool)    // a label of the run
	Label(name string, at time.Duration, ev Event) // an item with `as` was seen
}

// Matcher is one compiled matcher. Values are string, bool, nil, int, float64,
// time.Duration, []any, map[string]any, or types with a String method;
// a key that is not there is the value Absent.
type Matcher interface {
	Match(got any, env Env) bool
	String() string // as written, for messages
}

// Absent is the value of a key that is not there.
type Absent struct{}

// Event is one thing that happened: a notification or a message.
type Event struct {
	At     time.Duration // virtual time since the start of the run
	Name   string        // notification name, or "alice > bob" for a message
	Fields map[string]any
	Order  []string // names of the fields in the order a report prints them
	Copy   bool     // a message sent before: retransmission
	Extra  bool     // nobody needs to expect it: it passes where nothing asks for it
	ID     string   // the same for all copies of a message
	Lost   bool     // a message that did not arrive
	// Is tells whether its session or stream is meant by a name: "call2", "/c". Nil: by none.
	Is func(name string) bool
	// Has looks at an attribute of the sender as it was at that moment.
	Has func(path string) (any, error)
	// Text is the event as a report prints it; empty: name and fields.
	Text string
}

// String is the event as a report prints it.
func (e Event) String() string {
	if e.Text != "" {
		return e.Text
	}
	fields := FormatFields(e.Fields, e.Order)
	if fields == "" {
		return e.Name
	}
	return e.Name + " {" + fields + "}"
}

// Kind is what an item is.
type Kind int

// The kinds of items.
const (
	Single   Kind = iota // a notification or a message
	Anything             // ...
	Sequence             // a list
	AnyOrder
	OneOf
	Optional
	Never
	Repeat
)

// Item is one expected thing.
type Item struct {
	Pos  Pos
	Kind Kind

	// Single
	Name   string             // notification name, or "alice > bob"
	Exact  bool               // Name!: these fields and no others
	Lost   bool               // alice x> bob
	Fields map[string]Matcher // for a message "method" and "code" are among them
	Has    map[string]Matcher
	Of     string

	Items []Item // of every other kind

	Times  Range    // default 1..1; 0..0 = not there
	As     string   // label
	At     *Instant // when it must have been
	After  *Instant // not earlier
	Before *Instant // not later
	Source string   // the item as written, for messages
}

// Range is from..to, both included; To < 0 means no upper bound. Set tells
// whether the file said it.
type Range struct {
	From, To int
	Set      bool
}

// Instant is a point in virtual time relative to a label, or a window, or one
// instant a copy.
type Instant struct {
	Pos    Pos
	Label  string          // "" = the start of the run, or the step before for `after: 2s`
	Offset []time.Duration // one; or one for each copy if List
	Upto   time.Duration   // > Offset[0]: a window
	List   bool
	Source string
}
