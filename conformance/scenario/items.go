package scenario

import (
	"slices"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// items reads a list of items.
func (c *compiler) items(n *node, r reader) []match.Item {
	items := []match.Item{}
	for _, entry := range c.list(n, "a list of items, [] for none") {
		if item, ok := c.item(entry, r); ok {
			items = append(items, item)
		}
	}
	c.checkNever(items)
	return items
}

// item reads one item; ok is false when it is not there in this case.
func (c *compiler) item(n *node, r reader) (match.Item, bool) {
	item := match.Item{Pos: n.pos, Source: n.String(), Times: match.Range{From: 1, To: 1}}
	switch {
	case n.isList():
		item.Kind, item.Items = match.Sequence, c.items(n, r)
		return item, true
	case n.isScalar() && n.text == "...":
		item.Kind = match.Anything
		return item, true
	case n.isScalar() && n.quoted:
		c.r.at(n, "expected %s, found the quoted text %s", r.what(), quote(n.text))
		return item, false
	case n.isScalar():
		if slices.Contains(groupKinds, n.text) {
			c.r.at(n, "%s needs items: {%s: [...]}", quote(n.text), n.text)
			return item, false
		}
		r.single(&item, n, nil, n)
		return item, true
	case !n.isDict():
		c.r.at(n, "expected %s, found %s", r.what(), n.what())
		return item, false
	}
	return c.itemMap(n, r, item)
}

func (c *compiler) itemMap(n *node, r reader, item match.Item) (match.Item, bool) {
	var head *pair
	for i, p := range n.pairs {
		switch {
		case slices.Contains(itemKeys, p.key.text):
		case smallKeys[p.key.text] != "":
			c.r.at(p.key, "%s goes with steps, not with items", quote(p.key.text))
		case head != nil:
			c.r.at(p.key, "%s does not fit beside %s%s", quote(p.key.text), quote(head.key.text), didYouMean(p.key.text, itemKeys))
		default:
			head = &n.pairs[i]
		}
	}
	if head == nil {
		c.r.at(n, "expected %s, found %s", r.what(), n)
		return item, false
	}
	if condition := n.get("if"); condition != nil && !c.present(n, condition) {
		return item, false
	}
	item.Source = n.without("if").String()
	c.itemKeys(&item, n)
	if r.isSingle(head.key.text) {
		r.single(&item, head.key, head.value, n)
	} else {
		c.group(&item, *head, n, r)
	}
	c.checkRounds(&item, n)
	return item, true
}

// itemKeys reads the small keys of an item.
func (c *compiler) itemKeys(item *match.Item, n *node) {
	for _, p := range n.pairs {
		if slices.Contains(itemKeys, p.key.text) && p.value.null {
			c.noValue(p.key)
			continue
		}
		switch p.key.text {
		case "as":
			item.As = c.define(p.value)
		case "at":
			item.At = c.instant(p.value)
		case "after":
			item.After = c.instant(p.value)
		case "before":
			item.Before = c.instant(p.value)
		case "times":
			item.Times = c.times(p.value)
		}
	}
}

// group reads any_order, one_of, repeat, optional, never.
func (c *compiler) group(item *match.Item, head pair, n *node, r reader) {
	kinds := map[string]match.Kind{"any_order": match.AnyOrder, "one_of": match.OneOf, "repeat": match.Repeat,
		"optional": match.Optional, "never": match.Never}
	item.Kind = kinds[head.key.text]
	for _, key := range []string{"of", "has"} {
		if n.get(key) != nil {
			c.r.at(n.get(key), "%s goes with notifications, not with %s", quote(key), head.key.text)
		}
	}
	value := head.value
	if item.Kind == match.Optional || item.Kind == match.Never {
		if !value.isList() {
			value = &node{kind: listNode, pos: value.pos, items: []*node{value}}
		}
	}
	item.Items = c.items(value, r)
	switch {
	case len(item.Items) == 0 && value.isList() && len(value.items) == 0:
		c.r.at(head.key, "%s is empty", quote(head.key.text))
	case item.Kind == match.AnyOrder || item.Kind == match.OneOf:
		c.checkAmbiguous(item, value)
	case item.Kind == match.Repeat && n.get("times") == nil && n.get("at") == nil:
		c.r.at(head.key, "repeat needs times:")
	}
}

// checkRounds compares the number of instants with the number of copies.
func (c *compiler) checkRounds(item *match.Item, n *node) {
	if item.At == nil || !item.At.List {
		return
	}
	count := len(item.At.Offset)
	if !item.Times.Set {
		item.Times = match.Range{From: count, To: count, Set: true}
	}
	if item.Times.From != count || item.Times.To != count {
		c.r.at(n.get("at"), "%d instants for %d copies", count, item.Times.From)
	}
}

// checkNever insists on a `...` in the same list: elsewhere an unexpected item
// is an error anyway.
func (c *compiler) checkNever(items []match.Item) {
	skips := slices.ContainsFunc(items, func(i match.Item) bool { return i.Kind == match.Anything })
	for _, item := range items {
		if item.Kind == match.Never && !skips {
			c.r.add(item.Pos, 5, "never makes sense only where ... skips: without it, what is not expected is an error anyway")
		}
	}
}

// checkAmbiguous rejects a group in which one event fits the beginning of two
// members that go on differently: which one it was would be a guess.
func (c *compiler) checkAmbiguous(group *match.Item, n *node) {
	for i := range group.Items {
		for j := range group.Items[:i] {
			a, b := first(&group.Items[j]), first(&group.Items[i])
			if group.Items[j].Source == group.Items[i].Source || a == nil || b == nil || distinct(a, b) {
				continue
			}
			c.r.add(group.Items[i].Pos, 1, "one event may fit both "+a.Source+" and "+b.Source+
				" of this group: say in their fields how they differ")
		}
	}
}

// first is the item that a member of a group begins with.
func first(item *match.Item) *match.Item {
	switch {
	case item.Kind == match.Single:
		return item
	case item.Kind == match.Anything || item.Kind == match.Optional || len(item.Items) == 0:
		return nil
	}
	return first(&item.Items[0])
}

// distinct tells whether no event can match both items: other names, other
// owners, or a field with different plain values.
func distinct(a, b *match.Item) bool {
	if a.Name != b.Name || a.Lost != b.Lost || a.Of != b.Of {
		return true
	}
	for name, x := range a.Fields {
		y := b.Fields[name]
		if y == nil {
			continue
		}
		if x.String() != y.String() {
			return true
		}
	}
	return false
}
