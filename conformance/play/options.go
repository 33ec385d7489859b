package play

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// The worlds in which a case can be played.
const (
	Sim      = "sim"      // simulated network, loopback sound, virtual time
	Loopback = "loopback" // real sockets on 127.0.0.1, real time
	Device   = "device"   // as loopback, with real sound devices
)

// DefaultTolerance is how far instants may be off in real time.
const DefaultTolerance = 250 * time.Millisecond

// Options say how to play a case; the zero value is the simulated world.
type Options struct {
	World     string        // "" is Sim
	Log       bool          // keep the log whatever the verdict
	Tolerance time.Duration // in real time; 0 is DefaultTolerance
	Longest   time.Duration // what takes longer is skipped in real time; 0 is DefaultLongest, less: nothing is
	Devices   *Devices      // of world Device
	Server    string        // program in the places of servers, in world loopback: Kamailio or Coturn; "" means our own
	// Streams are those of third parties, by the type that scenarios call them by: every party can offer them, and has
	// them in its registry. See [WithStreams].
	Streams *streams.Registry
	// Phones take the places of parties of these names, in world loopback.
	Phones map[string]PhoneMaker
	// Addresses are those of the parties when there are phones, for phones on other machines: addresses of this one. The
	// default is addresses of 127.0.0.0/8.
	Addresses []netip.Addr
}

// WithStreams are options with which the player knows the streams that the functions register, besides those of the
// middleware:
//
//	result := play.In(c, play.WithStreams(thirdparty.Register))
//
// Files are loaded with their types in [scenario.Options].
func WithStreams(register ...func(*streams.Registry)) Options {
	o := Options{Streams: &streams.Registry{}}
	for _, r := range register {
		r(o.Streams)
	}
	return o
}

// In plays a case in a world. A case that the world cannot play is skipped, with
// the reason.
func In(c *scenario.Case, o Options) *Result { return playCase(c, o) }

// refusal says why a case is not played: the file says so, or the world cannot
// do what it asks for. "" means that it can be played.
func refusal(c *scenario.Case, world string) string {
	switch {
	case c.Skip != "":
		return c.Skip
	case len(c.Worlds) > 0 && !slices.Contains(c.Worlds, world):
		return "only for world " + strings.Join(c.Worlds, ", ")
	case world == Loopback:
		return beyondLoopback(c)
	case world == Device:
		return beyondDevices(c)
	}
	return ""
}

// beyondLoopback is the first thing of a case that real sockets cannot do.
func beyondLoopback(c *scenario.Case) string {
	reason := ""
	cannot := func(at match.Pos, what string) {
		if reason == "" {
			reason = "world loopback cannot " + what
			if at.Line > 0 {
				reason += " (" + at.String() + ")"
			}
		}
	}
	if c.Faults != "" {
		cannot(match.Pos{}, "make links bad")
	}
	if c.Knobs.Latency != 0 && c.Knobs.Latency != defaultLatency {
		cannot(match.Pos{}, "delay packets: latency")
	}
	for _, p := range c.Parties {
		if p.NAT != "" && p.NAT != "none" {
			cannot(p.Pos, "put a router before "+p.Name+": nat")
		}
		if p.Roams {
			cannot(p.Pos, "give "+p.Name+" another address: roams")
		}
	}
	for i := range c.Network {
		cannot(c.Network[i].Pos, c.Network[i].Source)
	}
	eachStep(c.Steps, func(s *scenario.Step) {
		switch v := s.Verb.(type) {
		case *scenario.NetworkVerb:
			cannot(s.Pos, s.Source)
		case *scenario.Expect:
			if v.Wire != nil && v.Wire.Received {
				cannot(v.Wire.Pos, "see when a message arrives: received")
			}
			if v.Wire != nil && (slices.Contains([]string{"dns", "stun", "msrp"}, v.Wire.Protocol)) {
				cannot(v.Wire.Pos, "see messages of "+v.Wire.Protocol)
			}
			if v.Wire != nil && losesSome(v.Wire.Order) {
				cannot(v.Wire.Pos, "see that a message is lost: x>")
			}
		}
	})
	return reason
}

// losesSome tells whether a line is about a message that does not arrive.
func losesSome(items []match.Item) bool {
	return slices.ContainsFunc(items, func(i match.Item) bool { return i.Lost || losesSome(i.Items) })
}

// defaultLatency is that of the knob.
const defaultLatency = 10 * time.Millisecond
