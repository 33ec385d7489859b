package scenario

// maxParts is how deep parts may run parts.
const maxParts = 8

// run inlines a part under a scope of its own.
func (c *compiler) run(step *Step, n *node, p pair) Verb {
	c.allow(n, "run", "with", "as", "if", "at", "after", "before")
	name := c.text(p.value, "the name of a part")
	f := c.scope.file.includes[name]
	if f == nil {
		if name != "" {
			c.r.at(p.value, "no included file defines a part %s%s", quote(name), hint(name, names(c.scope.file.includes)))
		}
		return nil
	}
	c.scope.file.played[name] = true
	if c.depth >= maxParts {
		c.r.at(p.value, "parts run parts more than %d deep", maxParts)
		return nil
	}
	vars := c.parameters(f, n.get("with"))
	as := ""
	if label := n.get("as"); label != nil {
		step.As = c.define(label)
		step.Session = step.As
		as = label.text
	}
	outer := c.scope
	c.scope = c.partScope(f, as, vars)
	c.depth++
	part := &Part{Name: name, Scope: c.scope.prefix}
	if as == "" {
		part.Scope = ""
	}
	if steps := f.root.get("steps"); steps != nil {
		part.Steps = c.stepList(c.r.replace(steps, vars))
	}
	c.depth--
	c.scope = outer
	return part
}

// parameters are the knobs and constants of the part, its defaults, and what
// `with` says.
func (c *compiler) parameters(f *file, with *node) variables {
	vars := variables{}
	for name := range knobs {
		vars[name] = c.scope.vars[name]
	}
	for _, p := range append(f.pairs("vars"), f.pairs("params")...) {
		vars[p.key.text] = c.r.replace(p.value, vars)
	}
	if with == nil {
		return vars
	}
	params := f.root.get("params")
	known := []string{}
	if params != nil {
		known = keysOf(params)
	}
	for _, p := range c.dict(with, "a map of parameters") {
		switch {
		case params.get(p.key.text) == nil:
			c.r.at(p.key, "the part %s has no parameter %s%s", f.part, quote(p.key.text), hint(p.key.text, known))
		case p.value.null:
			c.noValue(p.key)
		default:
			vars[p.key.text] = p.value
		}
	}
	return vars
}
