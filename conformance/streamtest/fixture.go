package streamtest

import (
	"cmp"
	"errors"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// Fixture is what the kit needs of an implementation. Register and Acceptable are required, and Unusable if Acceptable
// is not RTP; the clauses that need something that is not given do not apply.
type Fixture struct {
	// Register adds the one factory of the stream to a registry.
	Register func(*streams.Registry)
	// Acceptable is an m-line with its attributes, one a line, that the factory takes as an offer. Nobody is there at
	// its address.
	Acceptable string
	// Unusable are m-lines of its kind without a format or content type in common.
	Unusable []string
	// Payload lets the kit send something through a stream, and see what has come.
	Payload *Payload
	// Path reads the attributes that describe the path (addresses, codec, roles); none of them may be nil once the
	// stream has started.
	Path func(s streams.MediaStream) map[string]any
	// Prepare changes an environment before it is used: settings, a mixer. Its Center is made afterwards, with the
	// Logger of the environment; Net and Rand must stay.
	Prepare func(env *streams.Environment)
	// Slow makes an environment in which initialisation waits for somebody who never answers, such as a relay that
	// is not there.
	Slow func(env *streams.Environment)
	// Account is the account of a session; nil for one of the kit's.
	Account *account.Account
	// Hollow says that the stream is a stand-in that moves no media and binds no port.
	Hollow bool
	// Cases is how many random m-lines clause 14 tries, default 10000; Cycles how many lives clause 81, default 100.
	Cases, Cycles int
}

// Payload moves marked units through streams of a fixture. A unit is a small positive number: the text "3", a tone.
type Payload struct {
	// Send has a started stream send a unit, as an application would. It may take a second.
	Send func(s streams.MediaStream, unit int) error
	// Watch is called with every stream before its initialisation. The result lists the units that its application has
	// got so far.
	Watch func(env *streams.Environment, s streams.MediaStream) (received func() []int)
	// OneWay says that only who offers a stream sends.
	OneWay bool
}

// Limits of the contract.
const (
	initLimit    = 5 * time.Second // on a network that is near
	startLimit   = 15 * time.Second
	endLimit     = 5 * time.Second
	quiet        = time.Second // after the last event that is expected
	payloadLimit = 2 * time.Second
	atOnce       = 100 * time.Millisecond
	patience     = time.Minute // for what other clauses wait for, without measuring
)

// factory is the one that the fixture registers, even with priority 0.
func (f *Fixture) factory() (streams.Factory, error) {
	var registry streams.Registry
	f.Register(&registry)
	list := registry.Factories()
	if len(list) == 0 {
		return streams.Factory{}, errors.New("the fixture's Register has registered nothing")
	}
	return list[0], nil
}

func (f *Fixture) cases() int  { return cmp.Or(f.Cases, 10000) }
func (f *Fixture) cycles() int { return cmp.Or(f.Cycles, 100) }
