package play

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/script"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// scripts are the scripted parties of a run.
type scripts struct {
	list []*script.Party
}

// add opens a scripted party.
func (s *scripts) add(p *party) error {
	w := p.world
	cfg := script.Config{
		Name: p.def.Name, Net: p.host, Host: p.address(), Transport: w.transport(), Rand: p.random(),
		AnyOrder: w.c.Faults != "", // see loosen.go
		Resolve:  w.resolve, Auto: p.def.Auto, Ignore: p.def.Ignore, ReadFile: w.readFile, Streams: w.c.Streams, Codecs: p.codecs(),
		Changed: w.touch, Trace: w.wire.trace(p.def.Name), TraceMSRP: w.wire.traceMSRP(p.def.Name),
	}
	if w.hasPhone() {
		cfg.Unasked = []int{ringing}
	}
	var err error
	if cfg.TLS, err = w.certificate(p); err != nil {
		return err
	}
	made, err := script.New(cfg)
	if err != nil {
		return err
	}
	s.list = append(s.list, made)
	return nil
}

// readFile is the file that a script sends.
func (w *world) readFile(name string) ([]byte, error) {
	if data, ok := w.c.Files[name]; ok {
		return data, nil
	}
	return nil, fmt.Errorf("no file %s", name)
}

func (s *scripts) close() {
	for _, p := range s.list {
		p.Close()
	}
}

func (s *scripts) named(name string) *script.Party {
	for _, p := range s.list {
		if p.Name() == name {
			return p
		}
	}
	return nil
}

// isLabelled tells whether a script has labelled the call of this caller.
func (s *scripts) isLabelled(tag, label string) bool {
	for _, p := range s.list {
		if p.CallerTag(label) == tag {
			return true
		}
	}
	return false
}

// lineName is what a script calls an m-line of a call.
func (s *scripts) lineName(tag string, index int) string {
	for _, p := range s.list {
		if names := p.LineNames(tag); index < len(names) {
			return names[index]
		}
	}
	return ""
}

// resolve finds the address of a party or of a name, for scripts.
func (w *world) resolve(name string) (netip.AddrPort, error) {
	host, port := name, uint16(0)
	if addr, err := netip.ParseAddrPort(name); err == nil {
		return addr, nil
	}
	if addr, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return netip.AddrPortFrom(addr, 0), nil
	}
	r := w.resolved(core.Route{Address: host, Transport: "udp"})
	addr, err := netip.ParseAddr(r.Address)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("no party %s", name)
	}
	return netip.AddrPortFrom(addr, port), nil
}

// script plays one message of a scripted party.
func (d *driver) script(s *scenario.Step, v *scenario.Script) *Failure {
	p := d.scripts.named(v.Party)
	if p == nil {
		return failure(d.now(), s.Pos, s.Source, "no scripted party "+v.Party)
	}
	from := d.now()
	var err error
	done := func() bool {
		var finished bool
		finished, err = p.Try(v, d.env, s.As, s.Session)
		return finished || err != nil
	}
	if !d.wait(d.limit(s), done) {
		g := d.giveUp(from)
		f := failure(g.at, s.Pos, s.Source, fmt.Sprintf("%s waits to %s", v.Party, describe(v)), g.reason)
		f.Details = append(f.Details, g.waits...)
		return f
	}
	if wrong, ok := errors.AsType[*match.Failure](err); ok {
		return d.unexpected(s, wrong, d.now())
	}
	if err != nil {
		return failure(d.now(), s.Pos, s.Source, err.Error())
	}
	return nil
}

func describe(v *scenario.Script) string {
	if v.Receive != nil {
		return v.Name + " " + v.Receive.Describe(nil)
	}
	return v.Name + " " + v.Arg
}

func unreadText(r *script.Received) string {
	if res := r.Response(); res != nil {
		return res.StartLine()
	}
	if req := r.Request(); req != nil {
		return req.StartLine()
	}
	return match.Format(r.Fields["method"])
}

// unread lists what the scripted parties have not received.
func (d *driver) unread() []Failure {
	var list []Failure
	for _, p := range d.scripts.list {
		for _, r := range p.Unread() {
			def := d.party(p.Name()).def
			list = append(list, *failure(d.at(r.At), def.Pos, p.Name(), "never received by the script: "+unreadText(r)))
		}
	}
	return list
}
