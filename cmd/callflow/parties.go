package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/go-sipsimple/callflow/conformance/adapter"
	"github.com/go-sipsimple/callflow/conformance/play"
)

// phoneFlags put phones under test in the places of parties.
type phoneFlags struct {
	parties   []string
	addresses []string

	phones map[string]play.PhoneMaker // from check on
	at     []netip.Addr
}

func (p *phoneFlags) flags(f *pflag.FlagSet) {
	f.StringArrayVar(&p.parties, "party", nil, "put a phone under test in the place of a party (see docs/phones.md), in world loopback:\n"+
		"NAME=exec:COMMAND, driven by a program, or NAME=manual:URI, driven by you at the terminal")
	f.StringSliceVar(&p.addresses, "address", nil, addressHelp)
}

const addressHelp = "with phones under test, addresses of this machine for the other parties, one each,\n" +
	"that phones on other machines can reach (default: addresses of 127.0.0.0/8)"

// check reads the flags.
func (p *phoneFlags) check(world string) error {
	bad := func(format string, args ...any) error { return exit{exitBadInput, fmt.Sprintf(format, args...)} }
	if len(p.parties) > 0 && world != play.Loopback {
		return bad("--party: phones under test live in real time: add --world loopback")
	}
	if len(p.addresses) > 0 && len(p.parties) == 0 {
		return bad("--address is for runs with --party")
	}
	p.phones = map[string]play.PhoneMaker{}
	for _, text := range p.parties {
		name, source, _ := strings.Cut(text, "=")
		make, err := maker(source)
		switch {
		case err != nil || name == "":
			return bad("--party %q: expected NAME=exec:COMMAND or NAME=manual:URI", text)
		case p.phones[name].New != nil:
			return bad("--party %q: there is another phone for %s already", text, name)
		}
		p.phones[name] = play.PhoneMaker{Source: source, New: make}
	}
	p.at = nil
	for _, text := range p.addresses {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return bad("--address %q: expected an IP address of this machine", text)
		}
		p.at = append(p.at, addr)
	}
	return nil
}

// byHand tells whether somebody at the terminal drives a phone.
func (p *phoneFlags) byHand() bool {
	return slices.ContainsFunc(p.parties, func(text string) bool { return strings.Contains(text, "=manual:") })
}

// maker reads what comes after NAME=.
func maker(source string) (func() (play.Phone, error), error) {
	kind, what, _ := strings.Cut(source, ":")
	switch {
	case kind == "exec" && len(strings.Fields(what)) > 0:
		words := strings.Fields(what)
		return func() (play.Phone, error) { return adapter.Start(words[0], words[1:]...) }, nil
	case kind == "manual" && what != "":
		return func() (play.Phone, error) { return newManual(what) }, nil
	}
	return nil, fmt.Errorf("%q is neither exec:… nor manual:…", source)
}
