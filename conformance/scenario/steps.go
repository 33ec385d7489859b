package scenario

import (
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// stepPlace is where a step stands: not every verb fits everywhere.
type stepPlace int

const (
	timelinePlace stepPlace = iota
	networkPlace            // under network:
	togetherPlace           // under together:
	observerPlace           // under do:
)

// verbs are all verbs that are no subject.
func verbs() map[string]bool {
	all := map[string]bool{}
	for name := range otherVerbs {
		all[name] = true
	}
	for name := range networkVerbs {
		all[name] = true
	}
	return all
}

// stepList reads a list of steps.
func (c *compiler) stepList(n *node) []Step {
	var steps []Step
	for _, item := range c.list(n, "a list of steps") {
		if step, ok := c.step(item, timelinePlace); ok {
			steps = append(steps, step)
		}
	}
	return steps
}

// step reads one step; ok is false when it is not there in this case, or when
// it cannot be read.
func (c *compiler) step(n *node, place stepPlace) (step Step, ok bool) {
	if c.steps++; c.steps > maxSteps {
		if c.steps == maxSteps+1 {
			c.r.at(n, "more than %d steps in one case", maxSteps)
		}
		return Step{}, false
	}
	if n.isScalar() {
		c.r.at(n, "expected a step such as \"- bob: accept\", found %s: a step has a verb and a value", n.what())
		return Step{}, false
	}
	pairs := c.dict(n, "a step such as \"bob: accept\"")
	verb := c.verbOf(n, pairs)
	if verb == nil {
		return Step{}, false
	}
	if condition := n.get("if"); condition != nil && !c.present(n, condition) {
		return Step{}, false
	}
	step = Step{Pos: n.pos, Source: verb.String(), Times: match.Range{From: 1, To: 1}}
	c.smallKeys(&step, n, verb)
	step.Verb = c.verb(&step, n, *verb, place)
	return step, step.Verb != nil
}

// present decides an `if` and notes the outcome, for what no case ever has.
func (c *compiler) present(n, condition *node) bool {
	if c.holds(condition) {
		c.flow.reached[n.pos] = true
		return true
	}
	if c.scope.prefix == "" { // who runs a part may want only some of it
		c.flow.skipped[n.pos] = condition
	}
	return false
}

// verbOf finds the one verb key of a step.
func (c *compiler) verbOf(n *node, pairs []pair) *pair {
	var found, unknown *pair
	for i, p := range pairs {
		switch {
		case c.besideVerb(p.key.text):
		case !c.isVerb(p.key.text):
			unknown = &pairs[i]
		case found != nil:
			c.r.at(p.key, "a step has one verb; %s is a second beside %s", quote(p.key.text), quote(found.key.text))
			return nil
		default:
			found = &pairs[i]
		}
	}
	switch {
	case found != nil:
	case unknown != nil && len(c.result.Parties) == 0: // which has been said once
	case unknown != nil:
		known := append(append(c.partyNames(), names(verbs())...), names(smallKeys)...)
		c.r.at(unknown.key, "%s is neither a party nor a verb%s", quote(unknown.key.text), didYouMean(unknown.key.text, known))
	case len(pairs) == 0:
		c.r.at(n, "this step is empty")
	default:
		c.r.at(pairs[0].key, "this step has no verb: a party, expect, check, listen, when, together, repeat, run or a network verb")
	}
	return found
}

// besideVerb tells small keys and the keys that some verb has beside it.
func (c *compiler) besideVerb(key string) bool {
	if smallKeys[key] != "" {
		return true
	}
	if c.party(key) != nil {
		return false
	}
	for _, table := range []map[string][]string{networkVerbs, verbExtras} {
		for _, extras := range table {
			if slices.Contains(extras, key) {
				return true
			}
		}
	}
	return isSentence(key)
}

// isVerb tells whether a key is a verb or a subject.
func (c *compiler) isVerb(key string) bool {
	if verbs()[key] || strings.HasPrefix(key, "$") {
		return true
	}
	first := strings.FieldsFunc(key, func(r rune) bool { return strings.ContainsRune(",#/", r) })
	return len(first) > 0 && c.party(first[0]) != nil || strings.ContainsAny(key, "#/")
}

// smallKeys reads the small keys of a step.
func (c *compiler) smallKeys(step *Step, n *node, verb *pair) {
	for _, p := range n.pairs {
		if smallKeys[p.key.text] != "" && p.value.null {
			c.r.at(p.key, "%s has no value", quote(p.key.text))
			continue
		}
		switch p.key.text {
		case "as":
			if verb.key.text != "run" {
				step.As = c.define(p.value)
			}
		case "at":
			step.At = c.instant(p.value)
		case "after":
			step.After = c.instant(p.value)
		case "before":
			step.Before = c.instant(p.value)
		case "within":
			step.Within = c.time(p.value)
		case "for":
			step.For = c.time(p.value)
			step.Never = step.Never || step.For == 0
		case "rate":
			step.Never = step.Never || isNoShare(p.value)
		case "times":
			step.Times = c.times(p.value)
		case "error":
			step.Error = c.errorMatcher(p.value)
		}
	}
}

// errorMatcher reads what error a call must return.
func (c *compiler) errorMatcher(n *node) match.Matcher {
	text := c.text(n, "illegal_state, argument, illegal_direction, already_used, any or /text/")
	if text == "" {
		return nil
	}
	if !strings.HasPrefix(text, "/") && !slices.Contains(errorWords, text) {
		c.r.at(n, "unknown error %s%s", quote(text), hint(text, append(errorWords, "/text/")))
	}
	return c.matcher(n)
}

// allow refuses keys beside a verb that do not go with it.
func (c *compiler) allow(n *node, verb string, known ...string) {
	for _, p := range n.pairs {
		if key := p.key.text; key != verb && !slices.Contains(known, key) {
			if smallKeys[key] != "" {
				c.r.at(p.key, "%s does not go with %s", quote(key), quote(verb))
			} else {
				c.r.at(p.key, "unknown key %s beside %s%s", quote(key), quote(verb), hint(key, known))
			}
		}
	}
}

// verb reads the value of a verb key.
func (c *compiler) verb(step *Step, n *node, p pair, place stepPlace) Verb {
	key := p.key.text
	_, isNetwork := networkVerbs[key]
	switch {
	case place == networkPlace && !isNetwork:
		c.r.at(p.key, "%s is no network verb%s", quote(key), hint(key, names(networkVerbs)))
		return nil
	case place == togetherPlace && (isNetwork || otherVerbs[key] != ""):
		c.r.at(p.key, "together holds calls and messages of parties, not %s", quote(key))
		return nil
	case isNetwork:
		return c.network(n, p, place)
	}
	switch key {
	case "expect":
		c.allow(n, key, "within", "for", "if", "as", "after", "at", "before")
		return c.expect(p)
	case "check":
		c.allow(n, key, "within", "if", "at", "after", "before", "as")
		return &CheckNow{Checks: c.checks(p.value)}
	case "listen":
		return c.listen(n, p)
	case "when":
		return c.when(n, p)
	case "together":
		return c.together(n, p)
	case "repeat":
		return c.repeat(step, n, p)
	case "run":
		return c.run(step, n, p)
	}
	return c.subjectStep(step, n, p)
}

func (c *compiler) together(n *node, p pair) Verb {
	c.allow(n, "together", "if", "at", "after", "as")
	v := &Together{}
	for _, item := range c.list(p.value, "a list of calls") {
		if step, ok := c.step(item, togetherPlace); ok {
			v.Steps = append(v.Steps, step)
		}
	}
	return v
}

// repeat reads the steps again for each round.
func (c *compiler) repeat(step *Step, n *node, p pair) Verb {
	c.allow(n, "repeat", "with", "times", "if", "as", "at", "after")
	v := &RepeatSteps{}
	with, times := n.get("with"), n.get("times")
	switch {
	case with != nil && times != nil:
		c.r.at(with, "repeat has either with: or times:")
	case with != nil:
		outer := c.scope
		for _, round := range c.list(with, "a list of maps, one for each round") {
			values := variables{}
			for _, column := range c.dict(round, "a map of variables") {
				c.r.checkVariableName(column.key)
				values[column.key.text] = column.value
			}
			inner := *outer
			inner.vars = outer.vars.with(values)
			c.scope = &inner
			v.Rounds = append(v.Rounds, c.stepList(c.r.replace(p.value, values)))
		}
		c.scope = outer
	case times != nil:
		if step.Times.From != step.Times.To {
			c.r.at(times, "steps are repeated an exact number of times")
			return v
		}
		if step.Times.From == 0 && c.scope.prefix == "" {
			c.flow.skipped[n.pos] = times
		} else {
			c.flow.reached[n.pos] = true
		}
		for range step.Times.From {
			if c.steps > maxSteps {
				break
			}
			v.Rounds = append(v.Rounds, c.stepList(p.value))
		}
	default:
		c.r.at(p.key, "repeat needs times: NUMBER or with: [maps]")
	}
	return v
}
