package play

import (
	"path"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// subjects are the scenarios whose subject is something that bad links take
// away, where leftOut cannot see it; and folders of such.
var subjects = map[string]string{
	"acc/ACC-07-next-server":                       attemptsEnd,
	"acc/ACC-01-registers":                         attemptsEnd,
	"net/wakes-up":                                 attemptsEnd,
	"acc/ACC-13-settings-change":                   attemptsEnd,
	"acc/ACC-15-behind-nat":                        attemptsEnd,
	"acc/ACC-16-hostile-registrar":                 attemptsEnd,
	"acc/ACC-26-gruu":                              attemptsEnd,
	"acc/ACC-34-transports":                        attemptsEnd,
	"acc/ACC-36-short-registrations":               attemptsEnd,
	"acc/ACC-29-publish":                           attemptsEnd,
	"acc/ACC-30-publish-refused":                   attemptsEnd,
	"acc/ACC-33-publish-anew":                      attemptsEnd,
	"acc/ACC-45-leaves-in-order":                   attemptsEnd,
	"acc/ACC-46-proxies":                           attemptsEnd,
	"acc/ACC-47-network-changes":                   attemptsEnd,
	"acc/ACC-48-settings-by-server":                attemptsEnd,
	"acc/ACC-49-disabled-for-a-moment":             attemptsEnd,
	"acc/ACC-21-voicemail-refused":                 restIsChance,
	"cnf/CNF-15-refused-for-good":                  restIsChance,
	"cnf/subscription-lost":                        limitOf5s,
	"cnf/network-changes":                          limitOf5s,
	"cnf/by-whose-server":                          limitOf5s,
	"cnf/focus-comes-back":                         limitOf5s,
	"trf/replaces-a-cancelled-call":                inOrder,
	"cnf/CNF-17-focus-appears":                     limitOf5s,
	"cnf/CNF-15-challenged":                        limitOf5s,
	"cnf/CNF-15-no-contact":                        limitOf5s,
	"cnf/CNF-15-refused-for-now":                   limitOf5s,
	"cnf/refer-challenged":                         limitOf5s,
	"cnf/refer-unanswered":                         limitOf5s,
	"cnf/CNF-14-parallel":                          inOrder,
	"cnf/refer-refused":                            limitOf5s,
	"audio/ice-nat":                                limitOfICE,
	"desktop/no-program":                           eitherRemoves,
	"hld/HLD-13-hold-unhold-hold":                  inOrder,
	"edg/EDG-hostile-octets":                       rawOctets,
	"acc/ACC-26-engine-log":                        rawOctets,
	"edg/EDG-26-subject-not-utf-8":                 rawOctets,
	"trm/TRM-21-stop-while-terminating":            stopping,
	"trm/TRM-17-stop-with-a-call":                  stopping,
	"api/attributes":                               stopping,
	"trm/TRM-23-invite-during-stop":                stopping,
	"trm/TRM-24-stop-with-a-proposal":              stopping,
	"edg/EDG-05-merged-invite":                     waitsForRinging,
	"trf/replaces-a-ringing-call":                  waitsForRinging,
	"acc/ACC-27-contact-of-an-answer":              waitsForRinging,
	"file/wrong":                                   failsAtOnce,
	"edg/EDG-21-proposals-in-observers":            behindAck,
	"edg/EDG-21-removal-in-an-observer":            behindAck,
	"edg/EDG-27-answer-races-its-timer":            inOrder,
	"hld/a-proposal-while-a-hold-waits":            inOrder,
	"proxy/two-forks-answer":                       inOrder,
	"rem/stream-fails-during-a-proposal":           behindAck,
	"trm/TRM-14-end-in-accepting-proposal":         inOrder,
	"trm/TRM-14-end-in-rejecting-proposal":         inOrder,
	"edg/EDG-14-200-after-486":                     inOrder,
	"fai/FAI-53-bye-before-the-callee-has-started": inOrder,
	"hld/HLD-08-hold-while-calling":                behindAck,
	"hld/HLD-09-hold-before-connect":               behindAck,
	"hld/hold-in-observers":                        behindAck,
	"pro/PRO-14-cancelled-while-accepting":         inOrder,
	"pro/PRO-32-acceptor-hangs-up":                 inOrder,
	"trf/TRF-24-progress-dries-up":                 limitOf1s,
	"trf/new-call-never-starts":                    inOrder,
	"trf/transferor-hangs-up":                      inOrder,
	"trf/transferor-hangs-up-at-once":              inOrder,

	"trf/TRF-24-progress-dries-up-and-the-peer-is-silent": limitOf1s,

	"trf/refer-before-the-start-of-a-call-that-ends": inOrder,
	"trf/refer-before-the-start-that-never-comes":    inOrder,
}

const (
	ownFault    = "a fault of its own is its subject"
	attemptsEnd = "an attempt has 10 s, and giving back what was granted 2 s (application.md 5.3, 7): enough losses in a row end either"
	inOrder     = "which of two messages, or of a message and a timer, comes first is its subject"
	// The ACK that is lost is repeated only with the 200, up to 4 s later, and three
	// refusals are the end of a hold (SD24).
	openHandshake = "a handshake that is not over is its subject"
	behindAck     = "a re-INVITE right behind an ACK is its subject"
)

const (
	restIsChance    = "what is refused is asked again after a rest that chance chooses"
	limitOf1s       = "a limit of 1 s is its subject"
	limitOf5s       = "a request has 5 s (session.md 7.16), which three losses take"
	rawOctets       = "octets that nobody repeats are its subject"
	stopping        = "an application that stops gives its BYEs 1 s (session.md 7.17)"
	waitsForRinging = "it waits for a provisional response, which nobody repeats"
)

// Reasons of scenarios with MSRP or ICE.
const (
	failsAtOnce   = "a stream that fails at once fails the call, if the handshake is not over then"
	eitherRemoves = "a stream fails at both ends, and either removes it, or both do and are refused (SD24)"
	limitOfICE    = "ICE gives up after 10 s, which a 200 may take over two links"
)

// leftOut says why a case cannot be played on bad links, "" if it can.
func leftOut(c *scenario.Case) string {
	l := leaving{bound: map[string]bool{}, early: map[string]bool{}, asked: map[string]string{}, unacknowledged: map[string]bool{}}
	if len(c.Network) > 0 {
		l.because(ownFault)
	}
	folder, file := path.Split(c.ID)
	l.because(subjects[path.Join(path.Base(folder), file)])
	l.because(subjects[path.Base(folder)])
	eachStep(c.Steps, l.step)
	return l.reason
}

// leaving looks for a reason in the steps of a case.
type leaving struct {
	reason         string            // the first that was found
	bound          map[string]bool   // names that have taken values from the wire
	early          map[string]bool   // by script: it has answered with a provisional response
	asked          map[string]string // by script: its last request
	unacknowledged map[string]bool   // by script: it has a 2xx and has sent no ACK
}

func (l *leaving) because(text string) {
	if l.reason == "" {
		l.reason = text
	}
}

func (l *leaving) step(s *scenario.Step) {
	switch v := s.Verb.(type) {
	case *scenario.NetworkVerb:
		l.because(ownFault)
	case *scenario.Call:
		if changes(s) && len(l.unacknowledged) > 0 {
			l.because(openHandshake)
		}
	case *scenario.Together:
		l.because("the same instant is its subject")
	case *scenario.When:
		if isProvisional(&v.Item) {
			l.because("it acts on a provisional response")
		}
	case *scenario.Expect:
		if v.Wire != nil {
			bindings(v.Wire.Order, l.bound)
		}
	case *scenario.Script:
		l.script(v)
	}
}

func (l *leaving) script(v *scenario.Script) {
	if v.Stream != "" {
		l.because("MSRP with a script is its subject: nothing is lost there, and keep-alives come while it waits")
	}
	switch {
	case v.Name == "request" && v.Arg == "ACK":
		delete(l.unacknowledged, v.Party)
	case v.Name == "request" && l.unacknowledged[v.Party]:
		l.because(openHandshake)
	case v.Name == "request":
		l.asked[v.Party] = v.Arg
	case v.Name == "receive" && l.asked[v.Party] == "INVITE" && isAnswer(v.Receive, 200):
		l.unacknowledged[v.Party] = true
	}
	switch {
	case v.Name == "respond" && v.Arg[:1] == "1":
		l.early[v.Party] = true
		if v.Params["sdp"] != nil {
			l.because("early media is its subject")
		}
	case v.Name == "respond":
		l.early[v.Party] = false
	case v.Name == "request" && l.early[v.Party]:
		l.because("an early dialog is its subject")
	}
	for name := range l.bound {
		if uses(v, name) {
			l.because("it takes values from the wire")
		}
	}
}

// isAnswer tells an item that is about a response with this code, to an INVITE
// unless it says otherwise.
func isAnswer(item *match.Item, code int) bool {
	c, method := item.Fields["code"], item.Fields["method"]
	return c != nil && c.Match(code, nil) && (method == nil || method.Match("INVITE", nil))
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
