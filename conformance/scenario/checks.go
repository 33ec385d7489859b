package scenario

import (
	"regexp"
	"slices"
)

// checks reads a map of subjects and their attributes.
func (c *compiler) checks(n *node) []AttributeCheck {
	var list []AttributeCheck
	for _, p := range c.dict(n, "a map of subjects and attributes such as {bob: {state: incoming}}") {
		for _, s := range c.subjects(p.key, p.key.text) {
			if party := c.party(s.Party); party != nil && party.Scripted {
				c.r.at(p.key, "%s is scripted and has no attributes", s.Party)
				continue
			}
			list = append(list, c.attributes(s, p.value))
		}
	}
	return list
}

// attributes reads what is expected of one subject.
func (c *compiler) attributes(s Subject, n *node) AttributeCheck {
	check := AttributeCheck{Pos: n.pos, Subject: s}
	check.Fields, check.Order = c.matchers(n, "a map of attributes such as {state: connected}")
	switch party := c.party(s.Party); {
	case party != nil && party.Server != nil:
		c.serverAttributes(party, s, n)
	case s.Stream != "":
		c.knownAttributes(n, streamAttributes, streamStates)
	case s.Session != "":
		c.knownAttributes(n, sessionAttributes, sessionStates)
	default:
		c.knownAttributes(n, slices.Concat(partyAttributes, sessionAttributes), sessionStates)
	}
	return check
}

func (c *compiler) knownAttributes(n *node, known, states []string) {
	for _, p := range n.pairs {
		switch {
		case !slices.Contains(known, p.key.text):
			c.r.at(p.key, "unknown attribute %s%s", quote(p.key.text), didYouMean(p.key.text, known))
		case c.r.refused(p.key, "attribute", p.key.text):
		case p.key.text == "state":
			c.stateWord(p.value, states)
		}
	}
}

var stateForm = regexp.MustCompile(`^[A-Za-z_]+$`)

// stateWord reports a misspelt state; other matchers pass.
func (c *compiler) stateWord(n *node, known []string) {
	if text := n.plain(); stateForm.MatchString(text) && !slices.Contains(known, text) && !slices.Contains(matcherWords, text) {
		c.r.at(n, "unknown state %s%s", quote(text), didYouMean(text, known))
	}
}

// serverAttributes reports what a server does not have.
func (c *compiler) serverAttributes(p *Party, s Subject, n *node) {
	if s.Session != "" || s.Stream != "" {
		c.r.at(n, "%s is a server and has neither sessions nor streams", p.Name)
	}
	known := serverAttributes
	if p.Server.Kind != "registrar" {
		known = []string{"requests"}
	}
	c.knownAttributes(n, known, nil)
}
