// Package peers reads peers files: which phones are to be tested with which
// scenarios, and what is known to fail.
//
//	callflow: 1
//	peers:
//	  baresip: {exec: ./baresip-adapter}
//	  desk: {manual: "sip:100@192.0.2.9"}
//	scenarios: [call/, trm/TRM-02-callee-hangs-up]
//	parties: [bob]                  # whose places they take; without it that of every party, one after another
//	known_failures:
//	  - {peer: baresip, scenario: trm/TRM-12-end-before-the-ack, because: it does not wait}
package peers

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/internal/yamlnode"
)

// File is what a peers file says.
type File struct {
	Peers     []Peer
	Scenarios []string // as arguments of run
	Parties   []string // nil = every one
	Known     []*Known
}

// Peer is a phone under test.
type Peer struct {
	Name   string
	Source string // as --party has it: exec:COMMAND or manual:URI
}

// Known is a failure that is known: the case must fail.
type Known struct {
	Pos      match.Pos
	Peer     string
	Scenario string // an ID, or the full name of a case
	Party    string // "" = in any place
	Because  string // words, a clause, a link
}

// Concerns tells whether it is about a case with a peer in the place of a party.
func (k *Known) Concerns(id, fullName, peer, party string) bool {
	return k.Peer == peer && (k.Scenario == id || k.Scenario == fullName) && (k.Party == "" || k.Party == party)
}

// Read reads a peers file. name is its path, for messages. All mistakes are found
// in one pass.
func Read(name string, data []byte) (*File, scenario.Problems) {
	r := &reader{name: name, lines: strings.Split(string(data), "\n"), file: &File{}}
	root, err := yamlnode.Parse(data)
	if syntax, ok := errors.AsType[*yamlnode.SyntaxError](err); ok {
		r.problem(&yamlnode.Node{Line: syntax.Line, Column: 1}, "this is not YAML: %s", syntax.Text)
		return nil, r.problems
	}
	if err != nil || root == nil {
		r.problem(&yamlnode.Node{}, "expected one YAML document with the keys callflow, peers and scenarios")
		return nil, r.problems
	}
	r.read(root)
	return r.file, r.problems
}

type reader struct {
	name     string
	lines    []string
	file     *File
	problems scenario.Problems
}

func (r *reader) problem(at *yamlnode.Node, format string, args ...any) {
	p := scenario.Problem{
		Pos:     match.Pos{File: r.name, Line: at.Line, Col: at.Column},
		Message: fmt.Sprintf(format, args...), Width: max(len([]rune(at.Text)), 1),
	}
	if at.Line > 0 && at.Line <= len(r.lines) {
		p.Line = r.lines[at.Line-1]
	}
	r.problems = append(r.problems, p)
}

func (r *reader) read(root *yamlnode.Node) {
	if !r.keys(root, "callflow", "peers", "scenarios", "parties", "known_failures") {
		return
	}
	if v := get(root, "callflow"); v == nil || v.Text != "1" {
		r.problem(root, "expected callflow: 1, the version of the format")
	}
	if peers := get(root, "peers"); peers == nil || peers.Kind != yamlnode.Map || len(peers.Pairs) == 0 {
		r.problem(root, "peers: expected a map of phones, such as {baresip: {exec: ./baresip-adapter}}")
	} else {
		for _, p := range peers.Pairs {
			r.peer(p.Key, p.Value)
		}
	}
	if r.file.Scenarios = r.list(get(root, "scenarios")); len(r.file.Scenarios) == 0 {
		r.problem(root, "scenarios: expected a list such as [call/, trm/TRM-02-callee-hangs-up]")
	}
	r.file.Parties = r.list(get(root, "parties"))
	if known := get(root, "known_failures"); known != nil {
		for _, item := range known.Items {
			r.known(item)
		}
	}
}

func (r *reader) peer(key, value *yamlnode.Node) {
	if !r.keys(value, "exec", "manual") || len(value.Pairs) != 1 {
		r.problem(key, "%s: expected {exec: COMMAND} or {manual: URI}", key.Text)
		return
	}
	how := value.Pairs[0]
	r.file.Peers = append(r.file.Peers, Peer{Name: key.Text, Source: how.Key.Text + ":" + how.Value.Text})
}

func (r *reader) known(item *yamlnode.Node) {
	if !r.keys(item, "peer", "scenario", "party", "because") {
		return
	}
	text := func(key string) string {
		if v := get(item, key); v != nil {
			return v.Text
		}
		return ""
	}
	k := &Known{
		Pos: match.Pos{File: r.name, Line: item.Line, Col: item.Column}, Peer: text("peer"), Scenario: text("scenario"), Party: text("party"),
		Because: text("because"),
	}
	switch {
	case k.Scenario == "" || k.Because == "":
		r.problem(item, "a known failure needs peer, scenario and because")
	case !slices.ContainsFunc(r.file.Peers, func(p Peer) bool { return p.Name == k.Peer }):
		r.problem(item, "known_failures: there is no peer %q", k.Peer)
	}
	r.file.Known = append(r.file.Known, k)
}

// keys tells whether a node is a map, and complains of keys that it should not
// have.
func (r *reader) keys(n *yamlnode.Node, known ...string) bool {
	if n.Kind != yamlnode.Map {
		r.problem(n, "expected a map with the keys %s", strings.Join(known, ", "))
		return false
	}
	seen := map[string]bool{}
	for _, p := range n.Pairs {
		switch {
		case !slices.Contains(known, p.Key.Text):
			r.problem(p.Key, "unknown key %q: expected %s", p.Key.Text, strings.Join(known, ", "))
		case seen[p.Key.Text]:
			r.problem(p.Key, "the key %s is there already", p.Key.Text)
		}
		seen[p.Key.Text] = true
	}
	return true
}

func get(n *yamlnode.Node, key string) *yamlnode.Node {
	for _, p := range n.Pairs {
		if p.Key.Text == key {
			return p.Value
		}
	}
	return nil
}

// list reads a list of texts.
func (r *reader) list(n *yamlnode.Node) []string {
	if n == nil {
		return nil
	}
	if n.Kind != yamlnode.List {
		r.problem(n, "expected a list")
		return nil
	}
	var texts []string
	for _, item := range n.Items {
		if item.Kind != yamlnode.Scalar || item.Text == "" {
			r.problem(item, "expected a text")
			continue
		}
		texts = append(texts, item.Text)
	}
	return texts
}
