package play

import (
	"path"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// subjects are the scenarios whose subject is something that bad links take
// away, where leftOut cannot see it.
var subjects = map[string]string{
	"trf/transferor-hangs-up":         "messages that cross are its subject",
	"trf/transferor-hangs-up-at-once": "messages that cross are its subject",
	"pro/PRO-32-acceptor-hangs-up":    "messages that cross are its subject",
	"hld/hold-before-the-ack":         "a handshake that is not over is its subject",
	"trf/TRF-24-progress-dries-up":    "a limit of 1 s is its subject",
}

// leftOut says why a case cannot be played on bad links, "" if it can.
func leftOut(c *scenario.Case) string {
	reason := ""
	because := func(text string) {
		if reason == "" {
			reason = text
		}
	}
	if c.Knobs.Transport != "udp" && c.Knobs.Transport != "" {
		because("not over UDP: nothing is lost or reordered there")
	}
	if len(c.Network) > 0 {
		because("a fault of its own is its subject")
	}
	folder, file := path.Split(c.ID)
	because(subjects[path.Join(path.Base(folder), file)])
	bound, early := map[string]bool{}, map[string]bool{}
	eachStep(c.Steps, func(s *scenario.Step) {
		switch v := s.Verb.(type) {
		case *scenario.NetworkVerb:
			because("a fault of its own is its subject")
		case *scenario.Call:
			if v.Name == "stop" {
				because("an application that stops gives its BYEs 1 s (session.md 7.17)")
			}
			if usesStreams(v) {
				because("routes over TCP or TLS are its subject")
			}
		case *scenario.Together:
			because("the same instant is its subject")
		case *scenario.When:
			if isProvisional(&v.Item) {
				because("it acts on a provisional response")
			}
		case *scenario.Expect:
			if len(v.Views) == 0 && s.For == 0 {
				because("messages that cross are its subject")
			}
			if v.Wire != nil {
				bindings(v.Wire.Order, bound)
			}
		case *scenario.Script:
			if v.Receive != nil && v.Receive.Fields["code"] != nil && waitsForProvisional(v.Receive.Fields["code"]) {
				because("a script waits for a provisional response")
			}
			switch {
			case v.Name == "send":
				because("octets that nobody repeats are its subject")
			case v.Name == "respond" && v.Arg[:1] == "1":
				early[v.Party] = true
				if v.Params["sdp"] != nil {
					because("early media is its subject")
				}
			case v.Name == "respond":
				early[v.Party] = false
			case v.Name == "request" && early[v.Party]:
				because("an early dialog is its subject")
			}
			for name := range bound {
				if uses(v, name) {
					because("it takes values from the wire")
				}
			}
		}
	})
	return reason
}

// usesStreams tells whether a call names a route that is no UDP.
func usesStreams(v *scenario.Call) bool {
	routes, _ := v.Params["routes"].([]string)
	return slices.ContainsFunc(routes, func(r string) bool {
		return strings.HasPrefix(r, "tcp ") || strings.HasPrefix(r, "tls ") || strings.Contains(r, "transport=t")
	})
}

// bindings collects the names that `let` binds in lines of the wire.
func bindings(items []match.Item, bound map[string]bool) {
	for _, item := range items {
		for _, m := range item.Fields {
			if name, ok := strings.CutPrefix(m.String(), "let $"); ok {
				bound[name] = true
			}
		}
		bindings(item.Items, bound)
	}
}

// uses tells whether a message of a script has a variable in it.
func uses(v *scenario.Script, name string) bool {
	has := func(text string) bool {
		return strings.Contains(text, "${"+name+"}") || strings.Contains(text, "$"+name)
	}
	for _, p := range v.Params {
		switch p := p.(type) {
		case string:
			if has(p) {
				return true
			}
		case map[string]string:
			for _, text := range p {
				if has(text) {
					return true
				}
			}
		}
	}
	if v.Receive == nil {
		return false
	}
	for _, m := range v.Receive.Fields {
		if has(m.String()) {
			return true
		}
	}
	return false
}
