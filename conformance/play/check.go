package play

import (
	"fmt"
	"slices"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// check looks at attributes now; with `within` it waits until all are right.
func (d *driver) check(s *scenario.Step, checks []scenario.AttributeCheck) *Failure {
	var f *Failure
	right := func() bool { f = d.wrongAttribute(checks); return f == nil }
	if s.Within > 0 {
		from := d.now()
		if !d.wait(from+s.Within, right) {
			g := d.giveUp(from)
			f.At, f.Details = g.at, append(append(f.Details, g.reason), g.waits...)
		}
		return f
	}
	right()
	return f
}

// wrongAttribute is the first attribute that is not as it should be.
func (d *driver) wrongAttribute(checks []scenario.AttributeCheck) *Failure {
	for i := range checks {
		if f := d.checkOne(&checks[i], nil, nil); f != nil {
			return f
		}
	}
	return nil
}

// checkOne looks at the attributes of one subject: the session and stream that
// it names, or those given.
func (w *world) checkOne(c *scenario.AttributeCheck, s *session, st *stream) *Failure {
	p := w.party(c.Subject.Party)
	if p == nil {
		return failure(w.now(), c.Pos, "check", "no party "+c.Subject.Party)
	}
	var err error
	if s == nil {
		s, err = p.session(c.Subject.Session)
	}
	if st == nil && c.Subject.Stream != "" {
		if st = p.streamNamed(c.Subject.Stream, s); st == nil {
			return failure(w.now(), c.Pos, "check "+c.Subject.String(), "there is no such stream")
		}
		s = st.session
	}
	order := c.Order
	if order == nil {
		order = sortedKeys(c.Fields)
	}
	var wrong []string
	for _, path := range order {
		want, ok := c.Fields[path]
		if !ok {
			continue
		}
		if s == nil && !isPartyAttribute(path) {
			return failure(w.now(), c.Pos, "check "+c.Subject.String(), err.Error())
		}
		got, err := p.attribute(s, st, path)
		switch {
		case err != nil:
			wrong = append(wrong, err.Error())
		case !want.Match(got, w.env):
			wrong = append(wrong, fmt.Sprintf("%s: expected %s, got %s", path, want, match.Format(got)))
		}
	}
	if wrong == nil {
		return nil
	}
	return failure(w.now(), c.Pos, "check "+c.Subject.String(), wrong...)
}

func isPartyAttribute(path string) bool {
	return slices.Contains([]string{"sessions", "running", "bindings", "requests"}, path) || slices.Contains(storedAttributes, path) ||
		slices.Contains(soundAttributes, path)
}
