package scenario

import (
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// labels are the names that `as` gives, and where they are used, over a case.
type labels struct {
	defined map[string]*node
	used    map[string]bool
	refs    []labelRef
}

type labelRef struct {
	label   string // in full
	written string
	at      *node
	session bool // a session is meant: the name of a party will do
	known   []string
}

func newLabels() labels { return labels{defined: map[string]*node{}, used: map[string]bool{}} }

// labelsIn collects what `as` says in a piece of a file.
func labelsIn(trees ...*node) map[string]bool {
	found := map[string]bool{}
	for _, tree := range trees {
		tree.walk(func(n *node) {
			if as := n.get("as"); as != nil && as.isScalar() {
				found[as.text] = true
			}
		})
	}
	return found
}

// define reads an `as` and returns the label in full.
func (c *compiler) define(n *node) string {
	text := c.text(n, "a name")
	if text == "" {
		return ""
	}
	if !variableName.MatchString(text) || text == "start" {
		c.r.at(n, "%s is no name for a label: small letters, digits and _, not \"start\"", quote(text))
		return ""
	}
	if c.result != nil && c.party(text) != nil {
		c.r.at(n, "%s is the name of a party already", quote(text))
	}
	full := c.scope.prefix + text
	if first := c.labels.defined[full]; first != nil && first.pos != n.pos {
		c.r.at(n, "the label %s is given twice; the first is in line %d", quote(text), first.pos.Line)
	} else if first == nil {
		c.labels.defined[full] = n
	}
	return full
}

// instantLabel is the full form of a label that an instant names.
func (c *compiler) instantLabel(n *node, written string) string {
	if written == "start" {
		return written
	}
	full := c.scope.prefix + written
	c.labels.use(labelRef{label: full, written: written, at: n, known: names(c.scope.labels)})
	return full
}

// sessionName is the full form of what stands behind "#".
func (c *compiler) sessionName(n *node, written string) string {
	base, _, _ := strings.Cut(written, ".")
	if c.scope.labels[written] || c.scope.labels[base] {
		full := c.scope.prefix + written
		c.labels.use(labelRef{label: full, written: written, at: n, session: true})
		if name, ok := c.scope.calls[written]; ok {
			return name
		}
		return full
	}
	if c.party(written) != nil {
		c.useParty(written)
		return written
	}
	known := append(names(c.scope.labels), c.partyNames()...)
	c.r.inside(n, written, "%s is neither a label nor a party%s", quote(written), didYouMean(written, known))
	return written
}

func (l *labels) use(ref labelRef) {
	l.used[ref.label] = true
	l.refs = append(l.refs, ref)
}

// check reports undefined and unused labels once the whole case is known. The
// labels of a part may be there for whoever runs it.
func (l *labels) check(r *reporter, part bool) {
	for _, ref := range l.refs {
		if l.defined[ref.label] == nil {
			r.inside(ref.at, ref.written, "no step or item is labelled %s%s", quote(ref.written), didYouMean(ref.written, ref.known))
		}
	}
	if part {
		return
	}
	for label, n := range l.defined {
		if !l.used[label] && !strings.Contains(label, ".") {
			r.at(n, "the label %s is never used", quote(n.text))
		}
	}
}

// subject reads party#session/stream.
func (c *compiler) subject(n *node, text string) Subject {
	s := Subject{}
	rest := c.subjectText(n, text)
	rest, s.Stream, _ = strings.Cut(rest, "/")
	rest, s.Session, _ = strings.Cut(rest, "#")
	s.Party = rest
	c.knownParty(n, s.Party)
	if s.Session != "" {
		s.Session = c.sessionName(n, s.Session)
	}
	if s.Stream != "" {
		c.knownStream(n, s.Stream)
	}
	return s
}

// subjectText replaces the variables of a subject.
func (c *compiler) subjectText(n *node, text string) string {
	return bareVariable.ReplaceAllStringFunc(text, func(ref string) string {
		if value, ok := c.scope.vars[ref[1:]]; ok && value.isScalar() {
			return value.text
		}
		c.r.inside(n, ref, "%s is no name", ref)
		return ref
	})
}

// subjects reads "alice, bob".
func (c *compiler) subjects(n *node, text string) []Subject {
	var list []Subject
	for part := range strings.SplitSeq(text, ",") {
		list = append(list, c.subject(n, strings.TrimSpace(part)))
	}
	return list
}

// partScope makes the scope of a part that runs as `as`, or under a hidden name.
func (c *compiler) partScope(f *file, as string, vars variables) *scope {
	prefix := as
	if prefix == "" {
		c.parts++
		prefix = c.scope.prefix + "~" + f.part + itoa(c.parts)
	} else {
		prefix = c.scope.prefix + as
	}
	s := &scope{file: f, prefix: prefix + ".", labels: labelsIn(f.root.get("steps")), vars: vars, calls: map[string]string{}}
	if call := soleCall(f.root.get("steps")); call != "" && as != "" {
		s.calls[call] = prefix
	}
	return s
}

// soleCall is the label of the only step of a part that makes a session: the
// part's call, which goes by the name that `run` gives to the part.
func soleCall(steps *node) string {
	sole := ""
	if steps == nil {
		return ""
	}
	for _, step := range steps.items {
		as := step.get("as")
		if as == nil || !stepMakesSession(step) {
			continue
		}
		if sole != "" {
			return ""
		}
		sole = as.text
	}
	return sole
}

func stepMakesSession(step *node) bool {
	for _, p := range step.pairs {
		value := p.value
		switch {
		case smallKeys[p.key.text] != "" || otherVerbs[p.key.text] != "":
		case value.isScalar() && calls[value.text].makes:
			return true
		case value.get("call") != nil || value.get("request") != nil || value.get("accept_transfer") != nil:
			return true
		}
	}
	return false
}

// instant reads `answer + 32s`, `glare + 2s..4s`, `call + [0s, 0.5s]` or a time.
func (c *compiler) instant(n *node) *match.Instant {
	text := c.text(n, "an instant such as answer + 32s")
	if text == "" {
		return nil
	}
	in := &match.Instant{Pos: n.pos, Source: text}
	if err := c.parseInstant(n, in, text); err != nil {
		c.r.at(n, "%s is no instant: %v", quote(text), err)
		return nil
	}
	return in
}
