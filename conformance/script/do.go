package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Do plays one step of a script and waits where the step waits, until ctx ends.
// The names, those of the step's `as`, are what its message and its dialog can
// be meant by from now on; "" is no name. A message that is not what a
// receive expects is a [*match.Failure], as is one that never came.
func (p *Party) Do(ctx context.Context, step *scenario.Script, env match.Env, names ...string) error {
	for {
		p.mu.Lock()
		changed, closed := p.changed, p.closed
		p.mu.Unlock()
		if closed {
			return ErrClosed
		}
		if done, err := p.Try(step, env, names...); done || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return &match.Failure{
				View: p.cfg.Name, Pos: step.Receive.Pos, Item: step.Receive, Index: 1, Count: 1,
				Reason: context.Cause(ctx).Error(),
			}
		}
	}
}

// Try is Do without waiting: it tells whether the step is done. Only a receive
// can be not done without an error: nothing has come yet.
func (p *Party) Try(step *scenario.Script, env match.Env, names ...string) (done bool, err error) {
	names = slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == "" })
	params, err := readParams(step.Params, env)
	if err != nil {
		return false, err
	}
	if step.Stream != "" {
		return p.tryMSRP(step, params, env, names)
	}
	switch step.Name {
	case "receive":
		return p.tryReceive(step, params, env, names)
	case "respond":
		err = p.doRespond(step, params, names)
	case "request":
		err = p.doRequest(step, params, names)
	case "send":
		err = p.Send(step.Arg, params.text("to"))
	default:
		err = fmt.Errorf("%s is no step of a script", step.Name)
	}
	return err == nil, err
}

func (p *Party) tryReceive(step *scenario.Script, params params, env match.Env, names []string) (bool, error) {
	r, err := p.fitting(step, params, env)
	if r == nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.take(r)
	if r.dialog != nil {
		r.dialog.label(names)
	}
	if r.server != nil {
		r.server.labels = append(r.server.labels, names...)
	}
	return true, nil
}

// fitting is the first unread message of the step's view, one that is unasked for
// only if the step asks for it. It is an error if that one does not fit, unless any may.
func (p *Party) fitting(step *scenario.Script, params params, env match.Env) (*Received, error) {
	p.mu.Lock()
	unread := slices.DeleteFunc(slices.Clone(p.unread), func(r *Received) bool { return !p.inView(r, step, params) })
	p.mu.Unlock()
	for _, r := range unread {
		code := step.Receive.Fields["code"]
		switch {
		case p.unasked(r) && code != nil && !code.Match(r.Fields["code"], env):
		case match.Matches(step.Receive, r.event(), env):
			return r, nil
		case !p.cfg.AnyOrder:
			return nil, p.mismatch(step.Receive, r, env)
		}
	}
	return nil, nil
}

// inView tells whether a message is one that the step looks at.
func (p *Party) inView(r *Received, step *scenario.Script, params params) bool {
	if step.Dialog != "" && !p.is(r.dialog, step.Dialog) {
		return false
	}
	if to := params.text("to"); to != "" {
		if r.client == nil || string(r.client.request.Method) != to && !slices.Contains(r.client.labels, to) {
			return false
		}
	}
	from := params.text("from")
	return from == "" || p.isAt(r.From, from)
}

// event is the message as matchers see it.
func (r *Received) event() match.Event { return match.Event{Fields: r.Fields, Text: r.String()} }

// String is the message in short: "200 OK INVITE".
func (r *Received) String() string {
	if r.Msg == nil {
		if code, ok := r.Fields["code"]; ok {
			return fmt.Sprint(code)
		}
		return fmt.Sprint(r.Fields["method"])
	}
	if res := r.Response(); res != nil {
		return fmt.Sprintf("%d %s %s", res.StatusCode, res.Reason, res.CSeq().MethodName)
	}
	return string(r.Request().Method)
}

// unbound keeps from the run what `let` binds.
type unbound struct {
	match.Env
	vars map[string]any
}

func (u *unbound) Bind(name string, value any) { u.vars[name] = value }

func (u *unbound) Lookup(name string) (any, bool) {
	if v, ok := u.vars[name]; ok {
		return v, true
	}
	return u.Env.Lookup(name)
}

// mismatch says in what the message differs from the item.
func (p *Party) mismatch(item *match.Item, r *Received, env match.Env) *match.Failure {
	event, env := r.event(), &unbound{Env: env, vars: map[string]any{}}
	f := &match.Failure{View: p.cfg.Name, Pos: item.Pos, Item: item, Index: 1, Count: 1, Got: &event}
	for _, name := range sortedKeys(item.Fields) {
		got, ok := r.Fields[name]
		if !ok {
			got = match.Absent{}
		}
		if want := item.Fields[name]; !want.Match(got, env) {
			f.Diff = append(f.Diff, match.Difference{Field: name, Want: want.String(), Got: match.Format(got)})
		}
	}
	return f
}

func (p *Party) doRespond(step *scenario.Script, params params, names []string) error {
	code, err := strconv.Atoi(step.Arg)
	if err != nil {
		return fmt.Errorf("respond: %s is no code", step.Arg)
	}
	return p.Respond(Answer{
		Code: code, To: params.text("to"), Dialog: step.Dialog, Reason: params.optional("reason"),
		ToTag: params.optional("to_tag"), Once: params.flag("once"), Labels: names, Content: params.content(),
	})
}

func (p *Party) doRequest(step *scenario.Script, params params, names []string) error {
	seq, err := params.number("cseq")
	if err != nil {
		return err
	}
	return p.Request(Request{
		Method: step.Arg, To: params.text("to"), RURI: params.text("ruri"), Dialog: step.Dialog,
		None: params.text("dialog") == "none", Like: params.text("like"), Branch: params.text("branch"), CSeq: seq,
		FromTag: params.optional("from_tag"), ToTag: params.optional("to_tag"), Once: params.flag("once"),
		Labels: names, Content: params.content(),
	})
}

// Send sends the bytes of a file as they are, to a party or URI; "" is the peer
// of the current dialog.
func (p *Party) Send(file, to string) error {
	if p.cfg.ReadFile == nil {
		return errors.New("send: there are no files here")
	}
	data, err := p.cfg.ReadFile(file)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var destination wire.Destination
	if to != "" {
		destination, err = p.destination(addressOf(to), p.cfg.Transport, destination)
	} else {
		var d *dialog
		if d, err = p.meant(""); err == nil {
			destination = d.peer
		}
	}
	if err != nil {
		return err
	}
	p.transport.SendOctets(data, destination, nil)
	return nil
}
