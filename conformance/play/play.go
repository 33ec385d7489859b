package play

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
)

// noStep stands for no step in particular.
var noStep = &scenario.Step{}

// Play plays a case in a bubble of virtual time and judges it. It returns when
// everything has ended. Several may run at the same time. The result of a case
// that passes has no log; [PlayAndLog] keeps it.
func Play(c *scenario.Case) *Result { return playCase(c, Options{}) }

// PlayAndLog is Play, and keeps the log whatever the verdict.
func PlayAndLog(c *scenario.Case) *Result { return playCase(c, Options{Log: true}) }

func playCase(c *scenario.Case, o Options) *Result {
	if o.World == "" {
		o.World = Sim
	}
	result := &Result{Case: c, World: o.World, Server: o.Server}
	if len(o.Phones) > 0 {
		names := sortedKeys(o.Phones)
		c, result.LeftOut = WithPhones(c, names...)
		result.Case = c
		for _, name := range names {
			result.Phones = append(result.Phones, name+"="+o.Phones[name].Source)
			result.Peer, result.Place = o.Phones[name].Name, name
		}
	}
	if result.Reason = refusal(c, o.World); result.Reason != "" {
		result.Verdict = Skipped
		return result
	}
	if o.Server != "" {
		if result.Reason = beyondServer(c, o.Server); result.Reason != "" {
			result.Verdict = Skipped
			return result
		}
	}
	inside := simnet.Bubble
	if o.World != Sim {
		beginnings <- struct{}{}
		if result.Reason = tooLong(c, o); result.Reason != "" {
			<-beginnings
			result.Verdict = Skipped
			return result
		}
		inside = realTime
	}
	began := time.Now()
	err := inside(func() { result.play(began, o) })
	result.Wall = time.Since(began)
	if err != nil {
		result.Failures = append(result.Failures, disaster(result.Virtual, c, err))
	}
	if len(result.Failures) > 0 && result.Verdict == Passed {
		result.Verdict = Failed
	}
	if o.Log {
		result.Digest = digest(result.Log)
	}
	return result
}

// disaster is a deadlock, a leak or a panic as a failure.
func disaster(at time.Duration, c *scenario.Case, err error) Failure {
	what := "the run broke down"
	switch {
	case isError[*simnet.PanicError](err):
		what = "panic"
	case isError[*simnet.DeadlockError](err):
		what = "deadlock: everything waits for ever"
	case isError[*simnet.LeakError](err):
		what = "leak: something still runs after the end"
	}
	return *failure(at, match.Pos{File: c.File}, what, strings.Split(err.Error(), "\n")...)
}

func isError[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

// play is the body of the bubble.
func (r *Result) play(began time.Time, o Options) {
	w, err := newWorld(r.Case, o)
	begun := sync.OnceFunc(func() {
		if o.World != Sim {
			<-beginnings
		}
	})
	defer begun()
	defer func() {
		if err := w.tearDown(); err != nil {
			r.Failures = append(r.Failures, *failure(r.Virtual, match.Pos{File: r.Case.File}, "the end", err.Error()))
		}
	}()
	if err == nil {
		err = w.startAll()
	}
	if err != nil {
		r.Verdict = Broken
		r.Failures = append(r.Failures, *failure(0, match.Pos{File: r.Case.File}, "the world could not be built", err.Error()))
		return
	}
	d := &driver{world: w}
	d.settleNow()
	d.awaitApplications()
	w.begin()
	begun()
	r.Failures = d.judge(began)
	if d.cannot != "" {
		r.Verdict, r.Reason, r.Failures = Skipped, d.cannot, nil
	}
	if r.Virtual = d.now(); d.stopped > 0 {
		r.Virtual = d.stopped
	}
	if o.Log || len(r.Failures) > 0 {
		r.Log = w.entries()
	}
}

// judge plays the case to its end, or to its first failure.
func (d *driver) judge(began time.Time) []Failure {
	defer func() {
		for _, t := range d.timers {
			t.Stop()
		}
	}()
	if f := d.run(d.c.Network); f != nil {
		return []Failure{*f}
	}
	if f := d.run(d.c.Steps); f != nil {
		d.collect()
		return append([]Failure{*f}, d.broken(false)...)
	}
	failures := d.rest()
	if f := d.wrongAttribute(d.c.Finally); f != nil {
		f.What = "finally: " + strings.TrimPrefix(f.What, "check ")
		failures = append(failures, *f)
	}
	failures = append(failures, d.broken(true)...)
	return append(failures, d.overBudget(time.Since(began))...)
}

// startAll starts the applications, but for those that a step starts.
func (w *world) startAll() error {
	for _, p := range w.parties {
		if p.app == nil || p.def.Manual {
			continue
		}
		if err := p.startUp(); err != nil {
			return err
		}
	}
	return nil
}

// awaitApplications waits in real time for the applications to have started. In
// virtual time they have when everything has come to rest.
func (d *driver) awaitApplications() {
	if d.real == nil {
		return
	}
	d.wait(d.now()+startLimit, func() bool {
		return !slices.ContainsFunc(d.parties, func(p *party) bool { return p.started && !p.app.Running() })
	})
	d.settleNow()
}

// startLimit is how long the applications may take to start.
const startLimit = 10 * time.Second

// begin makes this instant the start of the run. What the applications posted
// while they started is not judged; what they are answered is, and on real
// sockets too no answer comes sooner.
func (w *world) begin() {
	w.start.set(time.Now())
	w.log = nil
	for _, p := range w.parties {
		p.log.Drop(p.log.Len())
	}
	w.begun = true
	if w.real != nil {
		w.real.StepByStep(w.touch)
	}
}
