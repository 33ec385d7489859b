package play

import (
	"fmt"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
)

// faultInForce is a fault of the file: unused it fails the run.
type faultInForce struct {
	step   *scenario.Step
	verb   *scenario.NetworkVerb
	handle []*simnet.FaultHandle // one for each direction
}

// network puts a network verb in force.
func (d *driver) network(s *scenario.Step, v *scenario.NetworkVerb) *Failure {
	if s.Never {
		return nil
	}
	switch v.Name {
	case "cut":
		d.addFault(s, v, func(*simnet.Packet) bool { return true })
	case "heal":
		d.heal(v)
	case "link":
		d.eachWay(v, func(from, to string) { d.setLink(v, from, to) })
	case "drop", "duplicate", "corrupt", "delay", "loss":
		d.addFault(s, v, matcherOf(v.Message))
	case "rebind":
		if h, ok := d.party(v.Party).host.(*simnet.Host); ok {
			h.Router().Rebind()
		}
	case "move":
		if err := d.party(v.Party).move(v.Addr); err != nil {
			return failure(d.now(), s.Pos, s.Source, err.Error())
		}
	default:
		return failure(d.now(), s.Pos, s.Source, v.Name+" cannot be played yet")
	}
	return nil
}

// eachWay calls f for the directions of a link.
func (d *driver) eachWay(v *scenario.NetworkVerb, f func(from, to string)) {
	f(v.From, v.To)
	if v.Both {
		f(v.To, v.From)
	}
}

func (d *driver) setLink(v *scenario.NetworkVerb, from, to string) {
	cfg := simnet.LinkConfig{Latency: v.Latency, Jitter: v.Jitter, Bandwidth: 8 * int64(v.Bandwidth)}
	if cfg.Latency == 0 {
		cfg.Latency = d.c.Knobs.Latency
	}
	d.net.SetLink(from, to, cfg)
}

// heal ends cuts and faults of a link, or all.
func (d *driver) heal(v *scenario.NetworkVerb) {
	for _, f := range d.faults {
		all := v.From == "" && v.To == ""
		same := f.verb.From == v.From && f.verb.To == v.To || v.Both && f.verb.From == v.To && f.verb.To == v.From
		if all || same {
			f.remove()
		}
	}
}

func (f *faultInForce) remove() {
	for _, h := range f.handle {
		h.Remove()
	}
}

var actions = map[string]simnet.Action{
	"cut": simnet.Drop, "drop": simnet.Drop, "loss": simnet.Drop, "duplicate": simnet.Duplicate, "corrupt": simnet.Corrupt,
	"delay": simnet.Delay,
}

// matcherOf chooses the packets that are a message.
func matcherOf(message string) func(*simnet.Packet) bool {
	if message == "" {
		message = "any"
	}
	return func(p *simnet.Packet) bool { return p.Control == "" && p.Kind().Is(message) }
}

// addFault puts a fault in force. A cut is one, too: it drops everything, and
// one that nothing ran into is as suspicious as any fault without a hit.
func (d *driver) addFault(s *scenario.Step, v *scenario.NetworkVerb, matches func(*simnet.Packet) bool) {
	f := &faultInForce{step: s, verb: v}
	d.eachWay(v, func(from, to string) {
		f.handle = append(f.handle, d.net.AddFault(simnet.Fault{
			From: from, To: to, Action: actions[v.Name], By: v.By, Rate: v.Rate, First: v.First, Match: matches,
		}))
	})
	d.faults = append(d.faults, f)
	d.after(s.For, f.remove)
}

// after does something when a time is over, unless the run has ended before.
func (d *driver) after(wait time.Duration, f func()) {
	if wait > 0 {
		d.timers = append(d.timers, time.AfterFunc(wait, f))
	}
}

// hits counts the packets that a fault has hit.
func (f *faultInForce) hits() int {
	n := 0
	for _, h := range f.handle {
		n += h.Hits()
	}
	return n
}

// unhit lists the faults that were not hit as often as the file says.
func (d *driver) unhit() []Failure {
	var list []Failure
	for _, f := range d.faults {
		want, hits := f.step.Times, f.hits()
		switch {
		case want.Set && (hits < want.From || want.To >= 0 && hits > want.To):
			list = append(list, *failure(d.now(), f.step.Pos, f.step.Source,
				fmt.Sprintf("this fault was hit %d times, expected %s", hits, formatRange(want))))
		case !want.Set && hits == 0:
			list = append(list, *failure(d.now(), f.step.Pos, f.step.Source, "this fault was never hit"))
		}
	}
	return list
}

func formatRange(r match.Range) string {
	switch {
	case r.To < 0:
		return fmt.Sprintf("%d or more", r.From)
	case r.From == r.To:
		return fmt.Sprint(r.From)
	}
	return fmt.Sprintf("%d..%d", r.From, r.To)
}
