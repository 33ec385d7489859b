package play

import (
	"fmt"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// armed is a `when` that waits for its notification.
type armed struct {
	step  *scenario.Step
	when  *scenario.When
	fired bool
}

// arm makes a party's observer wait for a notification. It fires once.
func (d *driver) arm(s *scenario.Step, v *scenario.When) *Failure {
	p := d.party(v.Party.Party)
	if p == nil || p.app == nil {
		return failure(d.now(), s.Pos, s.Source, "no party "+v.Party.Party+" with an application")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = append(p.armed, &armed{step: s, when: v})
	return nil
}

// beforeCall is for tests, which are slow in observers.
var beforeCall = func() {}

// fire makes the calls of the first `when` that waits for this notification. It
// runs in the observer, on the dispatcher of the party.
func (p *party) fire(r *record) {
	p.mu.Lock()
	waiting := append([]*armed{}, p.armed...)
	p.mu.Unlock()
	for _, a := range waiting {
		if a.fired || !p.concerns(a.when.Party, r) || !match.Matches(&a.when.Item, r.event, p.world.env) {
			continue
		}
		a.fired = true
		for i := range a.when.Do {
			beforeCall()
			if f := p.doInObserver(&a.when.Do[i], r); f != nil {
				p.mu.Lock()
				p.complaints = append(p.complaints, f)
				p.mu.Unlock()
				break
			}
		}
		return
	}
}

func (p *party) concerns(subject scenario.Subject, r *record) bool {
	return (subject.Session == "" || r.is(subject.Session)) && (subject.Stream == "" || r.is("/"+subject.Stream))
}

// doInObserver makes one call on the session that posted, without waiting.
func (p *party) doInObserver(s *scenario.Step, r *record) *Failure {
	w := p.world
	switch v := s.Verb.(type) {
	case *scenario.CheckNow:
		for i := range v.Checks {
			c := v.Checks[i]
			c.Subject.Party = p.def.Name
			if f := w.checkOne(&c, r.session, r.stream); f != nil {
				return f
			}
		}
	case *scenario.Call:
		t := &target{party: p, call: v.Name, session: r.session}
		if len(v.Subjects) > 0 && v.Subjects[0].Stream != "" {
			t.stream = p.streamNamed(v.Subjects[0].Stream, r.session)
		}
		err := p.perform(t, v, s.Session)
		d := &driver{world: w}
		return d.judgeError(s, p.def.Name+": "+v.Name+" in the observer of "+r.event.Name, err)
	default:
		return failure(w.now(), s.Pos, s.Source, fmt.Sprintf("%T cannot be done in an observer", s.Verb))
	}
	return nil
}

// observed is the first complaint of an observer.
func (d *driver) observed() *Failure {
	for _, p := range d.parties {
		p.mu.Lock()
		complaints := p.complaints
		p.mu.Unlock()
		if len(complaints) > 0 {
			return complaints[0]
		}
	}
	return nil
}

// notFired lists the `when` that have not fired.
func (d *driver) notFired() []Failure {
	var list []Failure
	for _, p := range d.parties {
		for _, a := range p.armed {
			if !a.fired {
				list = append(list, *failure(d.now(), a.step.Pos, a.step.Source, "this when never fired"))
			}
		}
	}
	return list
}
