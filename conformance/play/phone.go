package play

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// Phone is a phone under test in the place of a party: what the others notice of
// it is judged, and it posts no notifications. The player calls its methods one
// after another; they return when ctx ends. See docs/phones.md.
type Phone interface {
	// Begin makes the phone ready for calls.
	Begin(ctx context.Context, in Place) (Ready, error)
	// Do has the phone do something. It waits until that is possible, and returns
	// when it is done: when the call has been placed, answered, refused … A
	// [CannotError] says that the phone cannot do such a thing.
	Do(ctx context.Context, o Order) error
	// End ends the calls of the phone and the phone itself.
	End()
}

// ringing is what a phone says when a call has come: few can be told when.
const ringing = 180

// rings tells the notifications of a 180.
func rings(e *match.Event) bool {
	return provisional(e.Name, e.Fields) && (e.Fields["code"] == nil || e.Fields["code"] == ringing)
}

// PhoneMaker makes a phone under test, a new one for each case.
type PhoneMaker struct {
	Name   string // in reports, "" = Source
	Source string // as --party has it, for messages
	New    func() (Phone, error)
}

// Place is where a phone under test comes to live.
type Place struct {
	Name      string     `json:"name"`             // of the party
	Identity  string     `json:"identity"`         // the URI to call from, such as sip:bob@bob.test
	Address   netip.Addr `json:"address,omitzero"` // to listen at; invalid: the phone has its own
	Port      int        `json:"port"`             // to listen at, 5060
	Transport string     `json:"transport"`        // udp, tcp, tls
	Codec     string     `json:"codec"`            // to offer and to accept, such as PCMU
	SRTP      string     `json:"srtp,omitempty"`   // as the knob
	Plays     []float64  `json:"plays,omitempty"`  // tones in Hz that its microphone is to hear
}

// Ready says how a phone is to be treated.
type Ready struct {
	URI   string `json:"uri,omitempty"`   // at which it is called, such as sip:100@192.0.2.9; "" is what Place says
	Plays bool   `json:"plays,omitempty"` // it does play the tones
}

// Order is one thing that a phone is to do: a call of the language.
type Order struct {
	Do      string   `json:"do"`                // call, ring, accept, reject, end, hold, unhold, add_stream, remove_stream, accept_proposal …, dtmf
	To      string   `json:"to,omitempty"`      // whom, a URI
	Code    int      `json:"code,omitempty"`    // of a refusal, 0 = the phone's own
	Reason  string   `json:"reason,omitempty"`  // of a refusal
	Streams []string `json:"streams,omitempty"` // types, such as audio
	Text    string   `json:"text,omitempty"`    // digits, a message
	With    string   `json:"with,omitempty"`    // name of the party at the other end of the call that is meant, "" = the only one
}

// CannotError says that a phone cannot do what it should: the case is skipped.
type CannotError struct{ What string }

func (e *CannotError) Error() string { return "the phone cannot " + e.What }

// beginLimit is how long a phone under test may take to become ready.
const beginLimit = 30 * time.Second

// takePhone gives the party its phone, if it is to be one.
func (p *party) takePhone(o Options) (err error) {
	if maker, ok := o.Phones[p.def.Name]; ok {
		if p.phone, err = maker.New(); err != nil {
			return fmt.Errorf("the phone of %s: %w", p.def.Name, err)
		}
	}
	return nil
}

// settlePhone gives a phone its place, and has it begin.
func (p *party) settlePhone() error {
	w := p.world
	place := Place{
		Name: p.def.Name, Identity: "sip:" + p.def.Name + "@" + p.def.Name + ".test", Port: 5060,
		Transport: w.transport(), Codec: w.c.Knobs.Codec, SRTP: w.c.Knobs.SRTP, Plays: p.def.Plays,
	}
	if !w.addressesGiven {
		made, err := w.newHost(p.def.Name, w.anyAddress())
		if err != nil {
			return err
		}
		p.host, place.Address = made, made.Addr()
	}
	ctx, cancel := context.WithTimeout(context.Background(), beginLimit)
	defer cancel()
	ready, err := p.phone.Begin(ctx, place)
	if err != nil {
		return fmt.Errorf("the phone of %s: %w", p.def.Name, err)
	}
	if ready.URI == "" {
		p.identity = place.Identity
		ready.URI = "sip:" + p.def.Name + "@" + netip.AddrPortFrom(place.Address, uint16(place.Port)).String()
	}
	if p.uri, err = core.ParseAddress(ready.URI); err != nil {
		return fmt.Errorf("the phone of %s says where it is: %w", p.def.Name, err)
	}
	addr, err := netip.ParseAddr(p.uri.URI.Host)
	if err != nil {
		return fmt.Errorf("the phone of %s is at %s: expected a URI with an IP address", p.def.Name, ready.URI)
	}
	if p.host == nil {
		if p.host, err = w.newHost(p.def.Name, addr); err != nil {
			return err
		}
	}
	p.plays = ready.Plays
	w.hosts.add(p.def.Name, addr)
	return nil
}

// phoneDoes has a phone do the call of a step.
func (d *driver) phoneDoes(s *scenario.Step, v *scenario.Call, p *party, subject scenario.Subject) *Failure {
	what := subject.String() + ": " + v.Name
	order, err := p.order(v, subject)
	if err != nil {
		return failure(d.now(), s.Pos, what, err.Error())
	}
	limit := d.limit(s)
	ctx, cancel := context.WithTimeout(context.Background(), limit-d.now())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- p.phone.Do(ctx, order)
		d.touch()
	}()
	finished := func() bool { return len(done) > 0 }
	if !d.wait(limit, finished) {
		cancel()
	}
	switch err := <-done; {
	case err == nil && v.Name == "call":
		p.called = append(p.called, phoneCall{label: s.Session, callee: fmt.Sprint(v.Arg)})
		return nil
	case err == nil:
		return nil
	case isError[*CannotError](err):
		d.cannot = what + ": " + err.Error()
		return failure(d.now(), s.Pos, d.cannot)
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return failure(d.now(), s.Pos, what, "the phone has not done it by "+limit.Round(time.Millisecond).String())
	default:
		return failure(d.now(), s.Pos, what, "the phone says: "+err.Error())
	}
}

// phoneCall is a call that a phone has placed.
type phoneCall struct{ label, callee string }

// placed tells whether a call that a phone has placed goes by a name: its label is
// that of the session at the other end, the n-th one for the n-th call.
func (p *party) placed(tag, name string) bool {
	count := map[string]int{}
	for _, c := range p.called {
		n := count[c.callee]
		count[c.callee]++
		if callee := p.world.party(c.callee); c.label == name && callee != nil {
			calls := slices.DeleteFunc(slices.Clone(callee.allSessions()), func(s *session) bool { return !s.isFrom(p.def.Name) })
			if n < len(calls) && calls[n].callerTag() == tag {
				return true
			}
		}
	}
	return false
}

// isFrom tells whether the session is a call from a party.
func (s *session) isFrom(name string) bool {
	s.refresh()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peer == name && s.session.Direction() == string(streams.Incoming)
}

// order is a call of the language as a phone understands it.
func (p *party) order(v *scenario.Call, subject scenario.Subject) (Order, error) {
	o := Order{Do: v.Name, With: subject.Session}
	o.Reason, _ = v.Params["reason"].(string)
	o.Streams, _ = v.Params["streams"].([]string)
	var err error
	switch v.Name {
	case "call", "transfer":
		o.To, err = p.world.dialled(fmt.Sprint(v.Arg))
		if v.Name == "call" && o.Streams == nil {
			o.Streams = []string{"audio"}
		}
	case "accept", "accept_proposal":
		o.Streams, _ = v.Arg.([]string)
	case "reject", "reject_proposal", "reject_transfer":
		if text, ok := v.Arg.(string); ok && text != "" {
			o.Code, err = strconv.Atoi(text)
		}
	case "add_stream", "remove_stream":
		o.Streams = []string{fmt.Sprint(v.Arg)}
	default:
		if v.Arg != nil {
			o.Text = fmt.Sprint(v.Arg)
		}
	}
	o.Streams = slices.Clone(o.Streams)
	for i, name := range o.Streams {
		if def := p.world.c.Streams[name]; def != nil {
			o.Streams[i] = def.Type
		}
	}
	return o, err
}

// dialled is the URI with which a phone calls somebody.
func (w *world) dialled(whom string) (string, error) {
	p := w.party(whom)
	switch {
	case p == nil:
		to, err := addressIn(whom)
		return to.URI.String(), err
	case p.phone != nil:
		return p.uri.URI.String(), nil
	}
	port := 5060
	if w.transport() == "tls" {
		port = 5061
	}
	return fmt.Sprintf("sip:%s@%v;transport=%s", p.contactUser(), netip.AddrPortFrom(p.address(), uint16(port)), w.transport()), nil
}
