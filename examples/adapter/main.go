// Command adapter is an adapter for phones under test: it takes the place of a
// party and drives a phone, here one that is made with package sipsimple.
//
//	go build -o adapter ./examples/adapter
//	callflow run call/ --world loopback --party bob=exec:./adapter
//
// For another phone replace the methods of phone; an adapter in another language
// reads and writes the lines that package conformance/adapter describes.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/conformance/adapter"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

func main() {
	if err := adapter.Serve(os.Stdin, os.Stdout, &phone{changed: make(chan struct{}, 1)}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// phone is the phone under test. It has one call at a time.
type phone struct {
	app     *sipsimple.Application
	account *account.Account
	place   play.Place
	changed chan struct{} // something was notified
}

// Begin implements [play.Phone].
func (p *phone) Begin(_ context.Context, in play.Place) (play.Ready, error) {
	network, err := stdnet.NewNet()
	if err != nil {
		return play.Ready{}, err
	}
	p.place, p.account = in, &account.Account{ID: in.Identity[len("sip:"):]}
	cfg := sipsimple.Config{
		Net: network, Host: in.Address, UDPPort: in.Port, TCPPort: in.Port, TLSPort: -1,
		Accounts: []*account.Account{p.account}, Sound: simnet.NewSound(in.Plays),
	}
	if in.Codec != "" {
		cfg.RTP = streams.RTPSettings{Codecs: []string{in.Codec}}
	}
	if p.app, err = sipsimple.NewApplication(cfg); err != nil {
		return play.Ready{}, err
	}
	p.app.Center().AddObserver(notification.ObserverFunc(func(notification.Notification) {
		select {
		case p.changed <- struct{}{}:
		default:
		}
	}))
	return play.Ready{Plays: true}, p.app.Start()
}

// Do implements [play.Phone].
func (p *phone) Do(ctx context.Context, o play.Order) error {
	if o.Do == "call" {
		return p.call(o)
	}
	in, known := map[string]sipsimple.State{
		"ring": sipsimple.Incoming, "accept": sipsimple.Incoming, "reject": sipsimple.Incoming,
		"end": "", "hold": "", "unhold": "", "transfer": sipsimple.Connected,
	}[o.Do]
	if !known {
		return &play.CannotError{What: o.Do}
	}
	s, err := p.session(ctx, in)
	if err != nil {
		return err
	}
	if s == nil { // end, hold and unhold never wait
		return nil
	}
	switch o.Do {
	case "ring":
		return s.SendRingIndication()
	case "accept":
		return p.accept(s, o.Streams)
	case "reject":
		return s.Reject(o.Code, o.Reason)
	case "hold":
		s.Hold()
	case "unhold":
		s.Unhold()
	case "transfer":
		to, err := core.ParseAddress(o.To)
		if err != nil {
			return err
		}
		return s.Transfer(to, nil)
	default:
		s.End()
	}
	return nil
}

// accept takes the proposed streams of these types, all of them without types.
// To an INVITE without an offer it offers audio.
func (p *phone) accept(s *sipsimple.Session, types []string) error {
	list := s.ProposedStreams()
	if len(list) == 0 {
		made, err := p.streams([]string{"audio"})
		if err != nil {
			return err
		}
		list = made
	}
	if types != nil {
		list = slices.DeleteFunc(list, func(m streams.MediaStream) bool { return !slices.Contains(types, m.Type()) })
	}
	return s.Accept(list, nil)
}

func (p *phone) streams(types []string) ([]streams.MediaStream, error) {
	var list []streams.MediaStream
	for _, typ := range types {
		made, err := p.app.NewStream(typ, p.account)
		if err != nil {
			return nil, &play.CannotError{What: "offer " + typ}
		}
		list = append(list, made)
	}
	return list, nil
}

func (p *phone) call(o play.Order) error {
	to, err := core.ParseAddress(o.To)
	if err != nil {
		return err
	}
	list, err := p.streams(o.Streams)
	if err != nil {
		return err
	}
	route := core.Route{Address: to.URI.Host, Port: to.URI.Port, Transport: p.place.Transport}
	return sipsimple.NewSession(p.app, p.account).Connect(to, []core.Route{route}, list, nil)
}

// session waits for a call in a state. For "" it does not wait: any call, or nil.
func (p *phone) session(ctx context.Context, in sipsimple.State) (*sipsimple.Session, error) {
	for {
		for _, s := range p.app.SessionManager().Sessions() {
			if s.State() == in || in == "" {
				return s, nil
			}
		}
		if in == "" {
			return nil, nil
		}
		select {
		case <-p.changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// End implements [play.Phone].
func (p *phone) End() {
	if p.app == nil {
		return
	}
	p.app.Stop()
	select {
	case <-p.app.Done():
	case <-time.After(3 * time.Second):
	}
}
