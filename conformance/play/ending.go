package play

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// rest lets time run on after the last step, and lists what nothing has
// consumed.
func (d *driver) rest() []Failure {
	d.sleepUntil(d.now() + settling(d.c, d.real != nil))
	if f := d.observed(); f != nil {
		return []Failure{*f}
	}
	var list []Failure
	for _, p := range d.parties {
		if f := d.tails.Apply(d.env, &p.log, p.log.Len()); f != nil {
			list = append(list, *d.unexpected(noStep, f, d.now()))
			continue
		}
		list = append(list, unconsumed(p)...)
	}
	list = append(list, d.unread()...)
	list = append(list, d.notFired()...)
	return append(list, d.unhit()...)
}

// unconsumed lists the watched notifications of a party that no list named.
func unconsumed(p *party) []Failure {
	rest := p.log.Unconsumed()
	if len(rest) == 0 {
		return nil
	}
	f := failure(rest[0].At, p.def.Pos, p.def.Name+": posted, and nothing in the file expects it")
	for i, ev := range rest {
		if i == mostListed {
			f.Details = append(f.Details, fmt.Sprintf("and %d more", len(rest)-i))
			break
		}
		f.Details = append(f.Details, match.FormatTime(ev.At)+"  "+ev.String())
	}
	return []Failure{*f}
}

// mostListed is how many notifications a failure lists.
const mostListed = 10

// tearDown ends everything, unjudged, and returns when nothing is left.
func (w *world) tearDown() error {
	var late error
	if w.deliver != nil {
		w.real.StepByStep(nil)
		w.deliver()
	}
	for _, p := range w.parties {
		if p.app != nil && p.started {
			p.app.Stop()
		}
	}
	for _, p := range w.parties {
		if p.app == nil || !p.started {
			continue
		}
		select {
		case <-p.app.Done():
		case <-time.After(stopLimit):
			late = fmt.Errorf("the application of %s did not end within %v", p.def.Name, stopLimit)
		}
	}
	for _, p := range w.parties {
		if p.storage != nil {
			p.storage.remove()
		}
	}
	for _, p := range w.parties {
		if p.phone != nil {
			p.phone.End()
		}
	}
	w.scripts.close()
	w.closePrograms()
	late = errors.Join(late, w.closeServers())
	w.removeFolders()
	for _, p := range w.parties {
		p.got.folder.remove()
	}
	if late == nil {
		late = w.leaks()
	}
	if w.net != nil {
		w.net.Close()
	}
	if w.real != nil {
		w.real.Close()
	}
	return late
}

// leaks is an error when an application that has ended left sockets open.
func (w *world) leaks() error {
	for _, p := range w.parties {
		if p.app == nil || p.host == nil {
			continue
		}
		if open := p.host.OpenSockets(); len(open) > 0 {
			return fmt.Errorf("%s has ended and left open: %s", p.def.Name, strings.Join(open, ", "))
		}
	}
	return nil
}

// stopLimit is how long an application may take to stop: BYEs that nobody
// answers run for 64*T1, and a session manager gives up after 5 s.
const stopLimit = time.Minute

// overBudget compares the run with the budget of the file.
func (d *driver) overBudget(wall time.Duration) []Failure {
	b := d.c.Budget
	var list []Failure
	if b.Virtual > 0 && d.now() > b.Virtual {
		list = append(list, *failure(d.now(), match.Pos{File: d.c.File}, "budget",
			fmt.Sprintf("the run took %v of virtual time, and the file allows %v", d.now().Round(time.Millisecond), b.Virtual)))
	}
	if b.Wall > 0 && wall > b.Wall && d.real == nil {
		list = append(list, *failure(d.now(), match.Pos{File: d.c.File}, "budget",
			fmt.Sprintf("the run took %v, and the file allows %v", wall.Round(time.Millisecond), b.Wall)))
	}
	return list
}
