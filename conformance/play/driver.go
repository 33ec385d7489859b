package play

import (
	"fmt"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// driver walks through the steps of a case. It is the one goroutine of the
// bubble that makes things happen; between two of its acts everything else
// comes to rest.
type driver struct {
	*world
	tails    match.Tails
	marks    map[*match.Log]int // length of each log when the first step of this instant began
	markedAt time.Duration
	faults   []*faultInForce
	timers   []*time.Timer // of `for`
	cannot   string        // what a phone under test cannot do
	stopped  time.Duration // when the run gave up; what came later was only looked at
}

// run plays steps one after another; the first failure ends it.
func (d *driver) run(steps []scenario.Step) *Failure {
	for i := range steps {
		if f := d.step(&steps[i]); f != nil {
			return f
		}
	}
	return nil
}

// step waits for the time of a step, does it, and gives it its label.
func (d *driver) step(s *scenario.Step) *Failure {
	d.settleNow()
	d.markLogs()
	if f := d.awaitTime(s); f != nil {
		return f
	}
	if d.c.Faults != "" && changes(s) {
		d.awaitQuiet()
	}
	if s.Before != nil {
		if _, to, ok := s.Before.Window(d.env, 0); !ok || d.now() > to+d.tolerance {
			return failure(d.now(), s.Pos, s.Source, "too late: it should be before "+s.Before.Source)
		}
	}
	if f := d.do(s); f != nil {
		return f
	}
	d.settleNow()
	if f := d.observed(); f != nil {
		return f
	}
	d.env.mark(stepBefore, d.now())
	if s.As != "" {
		d.env.mark(s.As, d.now())
	}
	return nil
}

// do plays the verb of a step.
func (d *driver) do(s *scenario.Step) *Failure {
	switch v := s.Verb.(type) {
	case *scenario.Call:
		return d.call(s, v)
	case *scenario.Expect:
		return d.expect(s, v)
	case *scenario.CheckNow:
		return d.check(s, v.Checks)
	case *scenario.Listen:
		return d.listen(v)
	case *scenario.When:
		return d.arm(s, v)
	case *scenario.Together:
		return d.together(v)
	case *scenario.RepeatSteps:
		return d.rounds(v)
	case *scenario.Part:
		return d.part(s, v)
	case *scenario.NetworkVerb:
		return d.network(s, v)
	case *scenario.Script:
		return d.script(s, v)
	}
	return failure(d.now(), s.Pos, s.Source, fmt.Sprintf("this verb cannot be played yet (%T)", s.Verb))
}

func (d *driver) rounds(v *scenario.RepeatSteps) *Failure {
	for _, round := range v.Rounds {
		if f := d.run(round); f != nil {
			return f
		}
	}
	return nil
}

// part plays an inlined part. Its labels are unique in the case already.
func (d *driver) part(s *scenario.Step, v *scenario.Part) *Failure { return d.run(v.Steps) }

// together plays steps that must not have to wait.
func (d *driver) together(v *scenario.Together) *Failure {
	at := d.now()
	for i := range v.Steps {
		if f := d.do(&v.Steps[i]); f != nil {
			return f
		}
		if late := d.now() - at; late > d.patience() {
			return failure(d.now(), v.Steps[i].Pos, v.Steps[i].Source,
				fmt.Sprintf("had to wait %v, and together is the same instant", late))
		}
		if as := v.Steps[i].As; as != "" {
			d.env.mark(as, d.now())
		}
	}
	return nil
}

// awaitTime lets virtual time run to the instant of a step.
func (d *driver) awaitTime(s *scenario.Step) *Failure {
	if s.After != nil {
		at, ok := s.After.Since(d.env)
		if !ok {
			return failure(d.now(), s.Pos, s.Source, "after "+s.After.Source+": that has not happened")
		}
		d.sleepUntil(at)
	}
	if s.At != nil && !isExpect(s) {
		from, to, ok := s.At.Window(d.env, 0)
		switch {
		case !ok:
			return failure(d.now(), s.Pos, s.Source, "at "+s.At.Source+": that has not happened")
		case d.now() > to+d.tolerance:
			return failure(d.now(), s.Pos, s.Source, "at "+s.At.Source+" is over: it is "+match.FormatTime(d.now()))
		}
		d.sleepUntil(from)
	}
	return nil
}

func isExpect(s *scenario.Step) bool { _, ok := s.Verb.(*scenario.Expect); return ok }

// sleepUntil lets virtual time run, watching the limit of the run.
func (d *driver) sleepUntil(at time.Duration) {
	switch wait := at - d.now(); {
	case wait <= 0:
	case d.real != nil: // what is sent meanwhile is delivered step by step
		until := time.Now().Add(wait)
		d.wait(at, func() bool { return false })
		d.awaitSound(until)
	default:
		time.Sleep(wait)
	}
	d.settleNow()
}

// settleNow lets everything come to rest that happens at this instant, and
// reads the logs.
func (d *driver) settleNow() {
	d.comeToRest()
	d.collect()
}

// markLogs notes how long the logs were when this instant's first step began:
// as far as that a `...` at the end of a list reaches.
func (d *driver) markLogs() {
	if d.marks != nil && d.markedAt == d.now() {
		return
	}
	d.marks, d.markedAt = map[*match.Log]int{}, d.now()
	for _, p := range d.parties {
		d.marks[&p.log] = p.log.Len()
	}
}

// wait lets time run until done says so, or until the deadline. It looks at the
// instant of each change, when everything has come to rest.
func (d *driver) wait(deadline time.Duration, done func() bool) bool {
	timer := time.NewTimer(max(deadline-d.now(), 1))
	defer timer.Stop()
	for {
		d.settleNow()
		if done() {
			return true
		}
		over := false
		d.pass(func() {
			select {
			case <-d.changed:
			case <-timer.C:
				over = true
			}
		})
		if over {
			d.settleNow()
			return done()
		}
	}
}

// limit is the instant at which a step gives up.
func (d *driver) limit(s *scenario.Step) time.Duration {
	if s.Within > 0 {
		return d.now() + s.Within
	}
	if d.c.Limit > 0 {
		return d.now() + d.c.Limit
	}
	return d.now() + 2*time.Minute
}
