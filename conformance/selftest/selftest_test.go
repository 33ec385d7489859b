package selftest_test

import (
	"cmp"
	"hash/fnv"
	"os"
	"slices"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/selftest"
	"github.com/go-sipsimple/callflow/scenarios"
)

// everyNth: each run tries one mutant of a kind in every third case, beginning
// with another one each time (-count); all of them in all cases when the
// environment has CALLFLOW_ALL_MUTANTS.
const everyNth = 3

var runs int

func TestEveryMistakeIsNoticed(t *testing.T) {
	cases, problems := scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS, Prefix: "scenarios/"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	tried, all := 0, os.Getenv("CALLFLOW_ALL_MUTANTS") != ""
	runs++
	for i, c := range cases {
		if !all && (i+runs)%(everyNth*slowness) != 0 {
			continue
		}
		for _, m := range chosen(c, all) {
			undo := m.Apply()
			r := play.Play(c)
			undo()
			tried++
			if r.Verdict == play.Passed && !harmless(c, m) {
				t.Errorf("%s: %s: %s: nobody noticed (a step whose point is that nothing comes of it belongs into withoutEffect)",
					c.FullName(), m.Kind, m.What)
			}
		}
	}
	t.Logf("%d mistakes in %d cases", tried, len(cases))
	if tried < len(cases)/(everyNth*slowness) {
		t.Errorf("only %d mistakes were tried in %d cases", tried, len(cases))
	}
}

// chosen is a sample of the mutants of a case, the same each time.
func chosen(c *scenario.Case, all bool) []selftest.Mutant {
	mutants := selftest.Mutants(c)
	slices.SortStableFunc(mutants, func(a, b selftest.Mutant) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(hash(c.FullName()+a.What), hash(c.FullName()+b.What)))
	})
	if all {
		return mutants
	}
	var list []selftest.Mutant
	count := map[string]int{}
	for _, m := range mutants {
		if count[m.Kind]++; count[m.Kind] == 1 {
			list = append(list, m)
		}
	}
	return list
}

func hash(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64()
}

// harmless tells whether leaving out a step is no mistake: a call that must be
// refused and a 100 that may be left unread change nothing when they are gone.
func harmless(c *scenario.Case, m selftest.Mutant) bool {
	if m.Step == nil {
		return false
	}
	if script, ok := m.Step.Verb.(*scenario.Script); ok && script.Name == "send" { // octets that nothing may come of
		return true
	}
	if m.Step.Error != nil || m.Step.Source == "p: {receive: 100}" {
		return true
	}
	return slices.Contains(withoutEffect[c.ID], m.Step.Source)
}

// withoutEffect lists the steps whose very point is that nothing comes of them,
// by scenario.
var withoutEffect = map[string][]string{
	"edg/EDG-14-200-after-486":                  {"p: {respond: 200, to: INVITE, sdp: answer, once: true}"},
	"edg/EDG-15-impossible-codes":               {"p: {respond: 799, to: INVITE, reason: Impossible, once: true}", "p: {respond: 99, to: INVITE, reason: Impossible, once: true}"},
	"edg/EDG-27-late-answers":                   {"p: {respond: 200, to: BYE}"},
	"edg/EDG-33-stream-posts-twice":             {"alice/a, bob/a: {post: MediaStreamDidStart}"},
	"edg/EDG-34-stream-fails-while-terminating": {"alice/a: {fail: gone}"},
	"fai/FAI-22-cancel-never-answered":          {"p: {respond: 200, to: CANCEL}"},
	"fai/FAI-51-bye-before-the-final-response":  {"p: {respond: 487, to: INVITE}"},
	"hld/HLD-05-hold-twice":                     {"alice: unhold", "alice: hold"},
	"hld/HLD-13-hold-unhold-hold":               {"alice: unhold"},
	"hld/hold-and-unhold-before-the-start":      {"alice, bob: hold"},
	"hld/hold-and-unhold-during-a-proposal":     {"alice: hold"},
	"pro/PRO-40-wrong-state":                    {"alice, bob: hold", "alice, bob: unhold"},
	"pro/cancel-during-a-removal":               {"alice: cancel_proposal"},
	"hld/HLD-22-chat-only":                      {"alice: unhold"},
	"rem/REM-06-not-a-member":                   {"alice: {remove_stream: c}"},
	"set/SET-03-several-provisionals":           {"p: {respond: 100}"},
	"set/SET-07-reliable-183-towards-us":        {"p: {respond: 200, to: PRACK}"},
	"hld/bad-network":                           {"loss: {any: any}"},
	"audio/loss":                                {"loss: {alice > bob: rtp}"}, // what a call survives need not be heard
	"transfer/blind-outage":                     {"loss: {bob <-> carol: rtp}"},
	"acc/ACC-24-storages":                       {"alice: {set: {user_agent: Phone 2}}"},
	"msrp/active-peer":                          {"p/c: {respond: 200}"},        // to the empty SEND that binds
	"audio/timeout":                             {"drop: {alice <-> bob: rtp}"}, // the second: on hold nobody misses it
	"audio/dtmf":                                {"loss: {alice > bob: rtp}", "duplicate: {alice > bob: rtp}", "delay: {alice > bob: rtp}"},
	"audio/dtmf-limits":                         {`alice/audio: {dtmf: "777"}`}, // more than may wait: dropped in silence
	"audio/dtmf-not-understood":                 {`alice/a: {dtmf: "12#"}`},
	"audio/srtp-damaged":                        {"duplicate: {alice > bob: rtp}"},
	"trm/TRM-08-end-in-null":                    {"alice#call: end"},

	// Politeness of scripts: the answer to what ends a call, the end of a connection,
	// the ACK to an answer that fails a stream anyway, answers that nobody waits for.
	"acc/ACC-20-voicemail":               {"vm#sub: {respond: 200, headers: {Expires: 0}}"},
	"audio/codec-changes":                {"p: {request: ACK}"},
	"cnf/focus-by-re-invite-of-the-peer": {"p#sub: {respond: 489}"},
	"chat/at-the-end":                    {"p/c: {respond: 200}", "p: {respond: 200}", "p/c: {receive: FIN}", "p/c: close"},
	"chat/changed-by-the-peer":           {"p: {request: ACK}"},
	"chat/not-delivered":                 {"p/c: {respond: 200}", "alice: end", "p/c: close"},
	"chat/peer-vanishes":                 {"p/c: {respond: 200}"},
	"chat/room":                          {"f/c: {respond: 200}", "f/c: {request: REPORT}"},
	"desktop/hostile-peer":               {"p: {respond: 200}", "p/d: close"},
	"file/peer-does-not-read":            {"p/f: {respond: 200}"},
	"msrp/both-active":                   {"p/c: {respond: 200}"},
	"msrp/not-msrp":                      {"p/c: {receive: FIN}", "p/c: close"},
	"msrp/strangers":                     {"p/c: {receive: FIN}", "p/c: close"},
	"msrp/wrong-certificate":             {"p: {request: ACK}", "p/c: connect", "p: {respond: 200}"},
	"net/CNF-12-dns-failure":             {"f: {respond: 200}"},
	"proxy/best-response":                {"p1: {respond: 404}", "p1: {respond: 500}", "p2: {respond: 404}"}, // no answer is worse than any

	// What is survived, ignored or refused without a trace.
	"api/attributes":      {"bob: ring"}, // the observer looks at attributes
	"audio/ice-secured":   {"delay: {bob > alice: 200 INVITE}", "drop: {any: stun}"},
	"chat/report-headers": {`p/c: {request: SEND, body: bad, type: video/mpeg, headers: {Failure-Report: "no", Success-Report: "no"}}`, `p/c: {request: SEND, body: bad, type: video/mpeg, headers: {Failure-Report: "no", Success-Report: "yes"}}`},
	"file/cancel":         {"bob/f: {save: downloads}", "$who/f: cancel"},
	"file/hostile-sender": {"bob/f: save"},
	"file/odd-reports": {
		"p/f: {request: REPORT, headers: {Message-ID: none-of-ours}}", "p/f: {request: REPORT, headers: {Status: none of the kind}}",
		"p/f: {request: REPORT, headers: {Status: absent}}", `p/f: {request: REPORT, headers: {From-Path: "msrp://192.0.2.66:2855/other;tcp"}}`,
		"p/f: {request: REPORT, headers: {Byte-Range: 1-1000/1000}}",
	},
	"proxy/lossy":          {"drop: {proxy > bob: ACK}"},
	"trm/TRM-09-end-twice": {"alice, bob: end", "alice: end"},
}
