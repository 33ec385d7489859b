package scenario

import (
	"github.com/go-sipsimple/callflow/conformance/match"
)

// when reads the calls that an observer makes.
func (c *compiler) when(n *node, p pair) Verb {
	c.allow(n, "when", "do", "if")
	v := &When{}
	do := n.get("do")
	if do == nil {
		c.r.at(p.key, "when needs do: what the observer does")
		return nil
	}
	pairs := c.dict(p.value, "a party and a notification such as {bob: SIPSessionNewIncoming}")
	if len(pairs) != 1 {
		if p.value.isDict() {
			c.r.at(p.value, "when watches one party, found %d", len(pairs))
		}
		return nil
	}
	v.Party = c.subject(pairs[0].key, pairs[0].key.text)
	if party := c.party(v.Party.Party); party != nil && party.notApplication() != "" {
		c.r.at(pairs[0].key, "%s is %s and has no observers", party.Name, party.notApplication())
	}
	item, ok := c.item(pairs[0].value, &observerReader{viewReader{c, v.Party}})
	if !ok || item.Kind != match.Single {
		c.r.at(pairs[0].value, "expected one notification")
		return nil
	}
	v.Item = item
	for _, entry := range asList(do) {
		v.Do = append(v.Do, c.observerStep(entry, v.Party.Party)...)
	}
	return v
}

// observerReader reads a notification that need not be watched: observers see
// everything.
type observerReader struct{ viewReader }

func (o *observerReader) single(item *match.Item, key, value, whole *node) {
	party := o.c.party(o.subject.Party)
	if party == nil {
		return
	}
	saved := party.Watch
	party.Watch = []string{"*"}
	o.viewReader.single(item, key, value, whole)
	party.Watch = saved
}

// asList is a list, or a list of one.
func asList(n *node) []*node {
	if n.isList() {
		return n.items
	}
	return []*node{n}
}

// observerStep reads a call or check without a subject.
func (c *compiler) observerStep(n *node, party string) []Step {
	if condition := n.get("if"); condition != nil && !c.present(n, condition) {
		return nil
	}
	step := Step{Pos: n.pos, Source: n.String(), Times: match.Range{From: 1, To: 1}}
	if check := n.get("check"); check != nil {
		for _, p := range n.without("check", "if").pairs {
			c.r.at(p.key, "%s does not fit beside check", quote(p.key.text))
		}
		attributes := c.attributes(Subject{Party: party}, check)
		step.Verb = &CheckNow{Checks: []AttributeCheck{attributes}}
		return []Step{step}
	}
	call := &Call{Subjects: []Subject{{Party: party}}, Params: map[string]any{}}
	if !c.call(call, n, true) {
		return nil
	}
	for _, p := range n.pairs {
		switch {
		case p.key.text == "error":
			step.Error = c.errorMatcher(p.value)
		case p.key.text == "as":
			step.As = c.define(p.value)
		case smallKeys[p.key.text] != "" && p.key.text != "if":
			c.r.at(p.key, "%s does not go with a call in an observer, which happens at once", quote(p.key.text))
		}
	}
	c.nameSession(&step, calls[call.Name].makes)
	step.Verb = call
	return []Step{step}
}
