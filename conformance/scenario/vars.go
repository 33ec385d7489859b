package scenario

import (
	"fmt"
	"regexp"
	"strings"
)

// variables are the ones known before the run.
type variables map[string]*node

// with is a copy in which others are added or replaced.
func (v variables) with(more variables) variables {
	all := variables{}
	for name, value := range v {
		all[name] = value
	}
	for name, value := range more {
		all[name] = value
	}
	return all
}

var (
	wholeVariable  = regexp.MustCompile(`^\$([a-z_][a-z0-9_]*)$`)
	bareVariable   = regexp.MustCompile(`\$([a-z_][a-z0-9_]*)`)
	insertVariable = regexp.MustCompile(`\$\{([a-z_][a-z0-9_]*)\}`)
	letVariable    = regexp.MustCompile(`\blet \$([a-z_][a-z0-9_]*)`)
	variableName   = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
)

// maxText is the length that a text may reach by insertion.
const maxText = 1 << 16

// replace returns the tree with every scalar that is only $v replaced by what
// v holds and every ${v} by its text, in keys too. Names that are not known
// stay as they are: they are let variables, or those of an inner scope.
func (r *reporter) replace(n *node, vars variables) *node {
	if n == nil {
		return nil
	}
	switch n.kind {
	case listNode:
		for i, item := range n.items {
			if changed := r.replace(item, vars); changed != item {
				return r.replaceItems(n, i, vars)
			}
		}
		return n
	case dictNode:
		return r.replacePairs(n, vars)
	}
	return r.replaceScalar(n, vars)
}

// replaceItems copies a list whose first `same` items are unchanged.
func (r *reporter) replaceItems(n *node, same int, vars variables) *node {
	copied := *n
	copied.items = append([]*node(nil), n.items[:same]...)
	for _, item := range n.items[same:] {
		copied.items = append(copied.items, r.replace(item, vars))
	}
	return &copied
}

func (r *reporter) replacePairs(n *node, vars variables) *node {
	copied := *n
	copied.pairs = make([]pair, len(n.pairs))
	changed := false
	seen := map[string]bool{}
	for i, p := range n.pairs {
		key, value := r.replaceScalar(p.key, vars), r.replace(p.value, vars)
		if !key.isScalar() {
			r.at(p.key, "%s holds %s, which is no key", quote(p.key.text), key.what())
			key = p.key
		}
		if seen[key.text] {
			r.at(p.key, "%s stands here a second time", quote(key.text))
		}
		seen[key.text] = true
		changed = changed || key != p.key || value != p.value
		copied.pairs[i] = pair{key, value}
	}
	if !changed {
		return n
	}
	return &copied
}

func (r *reporter) replaceScalar(n *node, vars variables) *node {
	if !strings.Contains(n.text, "$") {
		return n
	}
	if m := wholeVariable.FindStringSubmatch(n.text); m != nil && !n.quoted {
		value, ok := vars[m[1]]
		if !ok {
			return n
		}
		if value.kind == scalarNode {
			here := *value
			here.pos = n.pos
			return &here
		}
		return value
	}
	text := insertVariable.ReplaceAllStringFunc(n.text, func(ref string) string {
		value, ok := vars[ref[2:len(ref)-1]]
		switch {
		case !ok:
			return ref
		case value.kind != scalarNode:
			r.inside(n, ref, "%s holds %s, which cannot be inserted into a text", ref, value.what())
			return ""
		}
		return value.text
	})
	if text == n.text {
		return n
	}
	if len(text) > maxText {
		r.at(n, "the text is more than %d characters long once its variables are inserted", maxText)
		return n
	}
	here := *n
	here.text = text
	return &here
}

// usage is what a piece of a file says about variables.
type usage struct {
	used map[string]bool
	lets map[string]*node
}

// lookForLets finds the variables that are bound while matching.
func lookForLets(n *node) map[string]*node {
	lets := map[string]*node{}
	n.walk(func(s *node) {
		if s.kind != scalarNode || s.quoted || !strings.Contains(s.text, "let $") {
			return
		}
		for _, m := range letVariable.FindAllStringSubmatch(s.text, -1) {
			if lets[m[1]] == nil {
				lets[m[1]] = s
			}
		}
	})
	return lets
}

// references lists the variables that a scalar names, as they are written.
func references(n *node) map[string]string {
	if n.kind != scalarNode || !strings.Contains(n.text, "$") {
		return nil
	}
	refs := map[string]string{}
	for _, m := range insertVariable.FindAllStringSubmatch(n.text, -1) {
		refs[m[1]] = m[0]
	}
	if n.quoted || strings.HasPrefix(n.text, "/") {
		return refs
	}
	for _, m := range bareVariable.FindAllStringSubmatch(n.text, -1) {
		refs[m[1]] = m[0]
	}
	return refs
}

// checkNames reports undefined variables in a tree and notes those in use.
// Names of a `repeat` with a table are known in its steps only.
func (u *usage) checkNames(r *reporter, n *node, known map[string]bool) {
	if n == nil {
		return
	}
	for name, written := range references(n) {
		u.used[name] = true
		if !known[name] && u.lets[name] == nil {
			r.inside(n, written, "undefined variable %s%s", written, didYouMean(name, append(names(known), names(u.lets)...)))
		}
	}
	for _, item := range n.items {
		u.checkNames(r, item, known)
	}
	rounds := n.get("with")
	if n.get("repeat") == nil || rounds == nil || !rounds.isList() {
		rounds = nil
	}
	for _, p := range n.pairs {
		u.checkNames(r, p.key, known)
		if p.key.text != "repeat" || rounds == nil {
			u.checkNames(r, p.value, known)
			continue
		}
		inner, columns := map[string]bool{}, map[string]*node{}
		for name := range known {
			inner[name] = true
		}
		for _, row := range rounds.items {
			for _, column := range row.pairs {
				inner[column.key.text] = true
				columns[column.key.text] = column.key
				if known[column.key.text] {
					r.at(column.key, "%s is a variable of the file already", quote("$"+column.key.text))
				}
			}
		}
		body := usage{used: map[string]bool{}, lets: u.lets}
		body.checkNames(r, p.value, inner)
		for name := range body.used {
			u.used[name] = u.used[name] || columns[name] == nil
		}
		for name, key := range columns {
			if !body.used[name] {
				r.at(key, "variable %s is never used in the steps of this repeat", quote(name))
			}
		}
	}
}

// holds decides an `if`: $v, $v = x, $v != x.
func (c *compiler) holds(n *node) bool {
	text := c.text(n, "a condition such as $v, $v = x or $v != x")
	if text == "" {
		return true
	}
	left, right, comparison := strings.Cut(text, "=")
	left = strings.TrimSpace(left)
	negative := strings.HasSuffix(left, "!")
	left = strings.TrimSpace(strings.TrimSuffix(left, "!"))
	value, err := c.conditionValue(left)
	if err == nil && comparison {
		var other string
		if other, err = c.conditionValue(strings.TrimSpace(right)); err == nil {
			return (value == other) != negative
		}
	}
	if err != nil {
		c.r.at(n, "%s in a condition: %v", quote(text), err)
	}
	switch value {
	case "", "no", "false", "0", "null", "off", "none", "absent":
		return false
	}
	return true
}

func (c *compiler) conditionValue(text string) (string, error) {
	m := wholeVariable.FindStringSubmatch(text)
	if m == nil {
		return strings.Trim(text, `"`), nil
	}
	value, ok := c.scope.vars[m[1]]
	switch {
	case !ok:
		return "", fmt.Errorf("$%s is not known before the run", m[1])
	case value.kind != scalarNode:
		return "", fmt.Errorf("$%s holds %s", m[1], value.what())
	}
	return value.text, nil
}
