package play

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// call makes an API call on each subject: it waits until the call is allowed,
// unless the call never waits or must fail.
func (d *driver) call(s *scenario.Step, v *scenario.Call) *Failure {
	for _, subject := range v.Subjects {
		p := d.party(subject.Party)
		if p == nil {
			return failure(d.now(), s.Pos, s.Source, "no party "+subject.Party)
		}
		if p.phone != nil {
			if f := d.phoneDoes(s, v, p, subject); f != nil {
				return f
			}
			continue
		}
		if p.app == nil {
			return failure(d.now(), s.Pos, s.Source, p.def.Name+" is scripted: it has no API")
		}
		if f := d.callOn(s, v, p, subject); f != nil {
			return f
		}
	}
	return nil
}

func (d *driver) callOn(s *scenario.Step, v *scenario.Call, p *party, subject scenario.Subject) *Failure {
	what := subject.String() + ": " + v.Name
	var target *target
	early, _ := v.Params["early"].(bool)
	find := func() bool {
		target = p.find(subject, v.Name)
		return target.ready() && (early || target.started())
	}
	if s.Error != nil || neverWaits(subject, v.Name) {
		find()
	} else if from := d.now(); !d.wait(d.limit(s), find) {
		why, g := target.why(), d.giveUp(from)
		return failure(g.at, s.Pos, what, append([]string{why, g.reason}, g.waits...)...)
	}
	if target.err != nil {
		return failure(d.now(), s.Pos, what, target.err.Error())
	}
	if p.looksUp(v) {
		if err := d.lookUp(s, target, v); err != nil {
			return d.judgeError(s, what, err)
		}
	}
	err := p.perform(target, v, s.Session)
	return d.judgeError(s, what, err)
}

// judgeError compares the error of a call with the one that is demanded.
func (d *driver) judgeError(s *scenario.Step, what string, err error) *Failure {
	switch {
	case s.Error == nil && err == nil:
		return nil
	case s.Error == nil:
		return failure(d.now(), s.Pos, what, "the call failed: "+err.Error())
	case err == nil:
		return failure(d.now(), s.Pos, what, "expected  the error "+s.Error.String(), "got       no error")
	case !s.Error.Match(errorName{err}, d.env):
		return failure(d.now(), s.Pos, what, "expected  the error "+s.Error.String(), "got       "+err.Error())
	}
	return nil
}

// errorName is an error as a file speaks of it: by its kind or by its text.
type errorName struct{ error }

// Names implements [match.Named].
func (e errorName) Names() []string {
	kinds := []struct {
		name string
		is   bool
	}{
		{"illegal_state", is[*sipsimple.IllegalStateError](e.error) || is[*streams.IllegalStateError](e.error)},
		{"illegal_direction", is[*sipsimple.IllegalDirectionError](e.error)},
		{"argument", is[*sipsimple.ArgumentError](e.error)},
		{"already_used", errors.Is(e.error, sipsimple.ErrAlreadyUsed)},
	}
	var names []string
	for _, kind := range kinds {
		if kind.is {
			names = append(names, kind.name)
		}
	}
	return append(names, e.Error())
}

func is[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

var _ match.Named = errorName{}

// perform makes the call. label names the session that it makes or gets.
func (p *party) perform(t *target, v *scenario.Call, label string) error {
	switch v.Name {
	case "new":
		s := p.sessionOf(sipsimple.NewSession(p.app, p.accounts[""]))
		s.label(label)
		return nil
	case "call":
		return p.connect(t, v, label)
	case "start":
		return p.startUp()
	case "stop":
		p.app.Stop()
		return nil
	case "set":
		changes, _ := v.Arg.(map[string]any)
		return p.set(changes)
	case "publish", "unpublish":
		return p.publish(v)
	}
	if t.stream != nil {
		return p.performOnStream(t.stream, v)
	}
	if ok, err := p.performOnSound(v); ok {
		return err
	}
	if v.Name == "post" {
		return p.postInput(fmt.Sprint(v.Arg))
	}
	if t.session == nil {
		return fmt.Errorf("%s cannot be called without a session", v.Name)
	}
	switch v.Name {
	case "transfer", "accept_transfer", "reject_transfer":
		return p.transfer(t.session, v, label)
	}
	t.session.label(label)
	return p.performOnSession(t.session, v)
}

func (p *party) performOnSession(s *session, v *scenario.Call) error {
	reason, _ := v.Params["reason"].(string)
	switch v.Name {
	case "ring":
		return s.session.SendRingIndication()
	case "accept":
		list, err := p.chosen(s, v.Arg)
		if err != nil {
			return err
		}
		focus, _ := v.Params["focus"].(bool)
		return s.session.Accept(list, &sipsimple.AcceptOptions{Focus: focus})
	case "reject":
		code, err := number(v.Arg)
		if err != nil {
			return err
		}
		return s.session.Reject(code, reason)
	case "end":
		s.session.End()
	case "hold":
		s.session.Hold()
	case "unhold":
		s.session.Unhold()
	case "add_participant":
		return s.session.Conference().AddParticipant(fmt.Sprint(v.Arg))
	case "remove_participant":
		return s.session.Conference().RemoveParticipant(fmt.Sprint(v.Arg))
	case "add_stream", "remove_stream", "accept_proposal", "reject_proposal", "cancel_proposal":
		return p.propose(s, v, reason)
	default:
		return fmt.Errorf("%s cannot be played yet", v.Name)
	}
	return nil
}

func (p *party) propose(s *session, v *scenario.Call, reason string) error {
	switch v.Name {
	case "add_stream":
		stream, err := p.member(s, fmt.Sprint(v.Arg), s)
		if err != nil {
			return err
		}
		return s.session.AddStream(stream)
	case "remove_stream":
		stream, err := p.member(s, fmt.Sprint(v.Arg), nil)
		if err != nil {
			return err
		}
		return s.session.RemoveStream(stream)
	case "accept_proposal":
		list, err := p.chosen(s, v.Arg)
		if err != nil {
			return err
		}
		return s.session.AcceptProposal(list)
	case "reject_proposal":
		code, err := number(v.Arg)
		if err != nil {
			return err
		}
		return s.session.RejectProposal(code, reason)
	}
	return s.session.CancelProposal()
}

// member is the stream of the session with that name, or a new one, which
// becomes owner's: what the session says to a stream that it has, or has not, is
// its own affair.
func (p *party) member(s *session, name string, owner *session) (streams.MediaStream, error) {
	for _, stream := range append(s.session.Streams(), s.session.ProposedStreams()...) {
		if slices.Contains(p.streamOf(stream, "", s).Names(), name) {
			return stream, nil
		}
	}
	return p.newStream(name, owner)
}

// number reads an optional status code.
func number(arg any) (int, error) {
	text, ok := arg.(string)
	if !ok || text == "" {
		return 0, nil
	}
	return strconv.Atoi(text)
}

// chosen lists the proposed streams that a call names, all of them if it names
// none. What was not proposed is made: for an INVITE without SDP the application
// brings its own, and in any other case the call will say what it thinks of it.
func (p *party) chosen(s *session, arg any) ([]streams.MediaStream, error) {
	names, named := arg.([]string)
	proposed := s.session.ProposedStreams()
	if !named {
		return proposed, nil
	}
	list := []streams.MediaStream{}
	for _, name := range names {
		i := slices.IndexFunc(proposed, func(candidate streams.MediaStream) bool {
			rec := p.streamOf(candidate, "", s)
			return slices.Contains(rec.Names(), name) && !slices.Contains(list, candidate)
		})
		if i >= 0 {
			list = append(list, proposed[i])
			continue
		}
		var owner *session
		if len(proposed) == 0 {
			owner = s
		}
		made, err := p.newStream(name, owner)
		if err != nil {
			return nil, err
		}
		list = append(list, made)
	}
	return list, nil
}

// performOnStream makes a call on a stream.
func (p *party) performOnStream(st *stream, v *scenario.Call) error {
	type failing interface{ Fail(reason string) }
	type posting interface{ Post(name string) error }
	type muting interface{ SetMuted(bool) }
	if ok, err := p.performOnMSRP(st, v); ok {
		return err
	}
	switch v.Name {
	case "fail":
		if double, ok := st.stream.(failing); ok {
			double.Fail(fmt.Sprint(v.Arg))
			return nil
		}
	case "post":
		if double, ok := st.stream.(posting); ok {
			return double.Post(fmt.Sprint(v.Arg))
		}
	case "mute", "unmute":
		if audio, ok := st.stream.(muting); ok {
			audio.SetMuted(v.Name == "mute")
			return nil
		}
	case "dtmf", "record", "stop_recording":
		if audio, ok := st.stream.(*streams.AudioStream); ok {
			return p.performOnAudio(st, audio, v)
		}
	}
	return fmt.Errorf("a stream of type %s cannot %s", st.stream.Type(), strings.ReplaceAll(v.Name, "_", " "))
}
