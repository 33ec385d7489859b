package scenario

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Defaults of the keys limit and settle. Settling takes longer than 64*T1.
// DefaultSettle is how long time runs on after the last step, unless the file says
// otherwise: longer than 64*T1.
const DefaultSettle = 40 * time.Second

const (
	defaultLimit = 120 * time.Second
)

// maxSteps of one case, with every round of every repeat.
const maxSteps = 20000

// compiler makes one case out of one file.
type compiler struct {
	l         *loader
	r         *reporter
	catalogue *catalogue
	flow      *file  // whose case this is
	scope     *scope // the flow's, or that of a part
	result    *Case
	labels    labels
	steps     int
	parts     int // how many have been inlined, for their hidden names
	depth     int
	later     []func() // checks that wait until all parties are known
}

// scope is what names mean: the flow's, or a part's own.
type scope struct {
	file   *file
	prefix string            // in front of labels
	labels map[string]bool   // as they are written
	calls  map[string]string // names of sessions that differ from prefix+label
	vars   variables
}

// resolveCase compiles one case.
func (l *loader) resolveCase(f *file, one row) *Case {
	c := &compiler{l: l, r: l.r, catalogue: l.catalogue, flow: f, labels: newLabels()}
	vars := c.variables(f, one)
	c.scope = &scope{file: f, labels: labelsIn(f.root.get("steps"), f.root.get("finally")), vars: vars}
	root := l.r.replace(f.root.without("vars", "params", "matrix", "cases", "except"), vars)
	c.result = &Case{File: l.opts.Prefix + f.name, ID: f.id, Name: one.name, Limit: defaultLimit, Settle: DefaultSettle}
	c.head(root, one)
	c.cast(root)
	c.body(root)
	if len(c.result.Parties) > 0 {
		c.labels.check(c.r, f.part != "")
	}
	return c.result
}

// variables are the knobs, the constants, the parameters and the values of the
// case, in this order; a later one may use the ones before it.
func (c *compiler) variables(f *file, one row) variables {
	vars := variables{}
	for _, name := range names(knobs) {
		vars[name] = textNode(f.root.pos, knobs[name])
	}
	set := func(key, value *node) {
		if text, ok := c.l.opts.Vars[key.text]; ok {
			value = textNode(value.pos, text)
			c.l.overridden[key.text] = true
		}
		vars[key.text] = c.r.replace(value, vars)
	}
	for _, p := range append(f.pairs("vars"), f.pairs("params")...) {
		set(p.key, p.value)
	}
	for _, name := range names(one.vars) {
		set(textNode(one.vars[name].pos, name), one.vars[name])
	}
	for name, text := range c.l.opts.Vars {
		if _, isKnob := knobs[name]; isKnob && one.vars[name] == nil {
			vars[name] = textNode(f.root.pos, text)
			c.l.overridden[name] = true
		}
	}
	return vars
}

// head reads what is said about the case as a whole.
func (c *compiler) head(root *node, one row) {
	result := c.result
	fileSeed := uint64(0)
	for _, p := range root.pairs {
		switch p.key.text {
		case "name":
			result.Title = c.text(p.value, "a line of text")
		case "about", "part":
			c.text(p.value, "text")
		case "spec":
			result.Spec = c.texts(p.value, "a list of rows and clauses")
		case "tags":
			result.Tags = c.texts(p.value, "a list of words")
		case "skip":
			result.Skip = c.text(p.value, "the reason, in words")
		case "worlds":
			for _, w := range c.list(p.value, "a list of "+strings.Join(worlds, ", ")) {
				result.Worlds = append(result.Worlds, c.word(w, worlds))
			}
		case "limit":
			result.Limit = c.time(p.value)
		case "settle":
			result.Settle = c.time(p.value)
		case "budget":
			c.budget(p.value)
		case "watch":
			result.Watch = c.readWatch(p.value)
		case "seed":
			fileSeed = c.seed(p.value)
		}
	}
	if result.Title == "" {
		result.Title = c.flow.part
	}
	if result.Watch == nil {
		result.Watch = c.catalogue.session()
	}
	c.knobs()
	switch {
	case c.l.opts.Seed != nil:
		fileSeed = *c.l.opts.Seed
	case root.get("seed") == nil && result.Title != "":
		fileSeed = seedFromName(result.Title)
	case root.get("seed") == nil:
		fileSeed = seedFromName(result.ID)
	}
	result.Seed = seedOf(fileSeed, one.name)
}

func (c *compiler) seed(n *node) uint64 {
	seed, err := strconv.ParseUint(c.text(n, "a number"), 10, 64)
	if err != nil {
		c.r.at(n, "%s is no seed: expected a whole number", n.what())
	}
	return seed
}

func (c *compiler) budget(n *node) {
	for _, p := range c.dict(n, "a map such as {virtual: 120s, wall: 1s}") {
		switch p.key.text {
		case "virtual":
			c.result.Budget.Virtual = c.time(p.value)
		case "wall":
			c.result.Budget.Wall = c.time(p.value)
		default:
			c.r.at(p.key, "unknown key %s%s", quote(p.key.text), hint(p.key.text, []string{"virtual", "wall"}))
		}
	}
}

// knobs checks the variables that every call obeys, wherever they were set.
func (c *compiler) knobs() {
	k := &c.result.Knobs
	for _, name := range names(knobs) {
		value := c.scope.vars[name]
		if name == "latency" {
			k.Latency = c.time(value)
			continue
		}
		text := c.text(value, "a word")
		known := knobValues[name]
		switch {
		case text == "" || text == knobs[name]:
		case isNotBuilt("knob", name):
			c.r.at(value, "knob %s: not built yet, leave it %s", quote(name), knobs[name])
		case !slices.Contains(known, text):
			c.r.at(value, "%s: unknown value %s%s", name, quote(text), hint(text, known))
		case isNotBuilt(name, text):
			c.r.at(value, "%s %s: not built yet", name, quote(text))
		}
		switch name {
		case "transport":
			k.Transport = text
		case "codec":
			k.Codec = text
		case "srtp":
			k.SRTP = text
		case "ip":
			k.IP, _ = strconv.Atoi(text)
		}
	}
}

// body reads network, steps and finally.
func (c *compiler) body(root *node) {
	if n := root.get("network"); n != nil {
		for _, item := range c.list(n, "a list of network verbs") {
			if step, ok := c.step(item, networkPlace); ok {
				c.result.Network = append(c.result.Network, step)
			}
		}
	}
	if n := root.get("steps"); n != nil {
		c.result.Steps = c.stepList(n)
		if len(c.result.Steps) == 0 && n.isList() && len(n.items) == 0 {
			c.r.at(c.flow.key("steps"), "steps: is empty, nothing would happen")
		}
	}
	if n := root.get("finally"); n != nil {
		c.result.Finally = c.checks(n)
	}
}
