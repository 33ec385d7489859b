package scenario

import (
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// expect reads views and the wire.
func (c *compiler) expect(p pair) Verb {
	v := &Expect{}
	pairs := c.dict(p.value, "a map of parties and wire")
	if len(pairs) == 0 && p.value.isDict() {
		c.r.at(p.key, "expect says nothing")
	}
	for _, view := range pairs {
		if view.key.text == "wire" {
			v.Wire = c.wire(view.key, view.value)
			continue
		}
		for _, s := range c.subjects(view.key, view.key.text) {
			if party := c.party(s.Party); party != nil && party.Scripted {
				c.r.at(view.key, "%s is scripted: what it receives is a step of its own, what is sent belongs to wire", s.Party)
				continue
			}
			if party := c.party(s.Party); party != nil && party.Server != nil {
				c.r.at(view.key, "%s is a server: it posts nothing, what it sends belongs to wire", s.Party)
				continue
			}
			c.overlap(v.Views, s, view.key)
			items := c.items(view.value, &viewReader{c, s})
			v.Views = append(v.Views, View{Pos: view.key.pos, Subject: s, Items: items})
		}
	}
	return v
}

// overlap reports two views of one expect that show the same notifications.
func (c *compiler) overlap(views []View, s Subject, key *node) {
	for _, other := range views {
		o := other.Subject
		if o.Party != s.Party || o.Session != "" && s.Session != "" && o.Session != s.Session ||
			o.Stream != "" && s.Stream != "" && o.Stream != s.Stream {
			continue
		}
		c.r.at(key, "the views %s and %s overlap: a notification would be in both", o, s)
		return
	}
}

// reader reads the single items of a list: notifications or messages.
type reader interface {
	// single reads `Name` or `Name: value` with small keys beside it.
	single(item *match.Item, key, value, whole *node)
	// isSingle tells whether a key is one, rather than a group.
	isSingle(key string) bool
	what() string
}

// viewReader reads notifications.
type viewReader struct {
	c       *compiler
	subject Subject
}

func (v *viewReader) isSingle(key string) bool { return !slices.Contains(groupKinds, key) }
func (v *viewReader) what() string             { return "a notification" }

func (v *viewReader) single(item *match.Item, key, value, whole *node) {
	c := v.c
	name, exact := strings.CutSuffix(key.text, "!")
	item.Name, item.Exact, item.Fields = name, exact, map[string]match.Matcher{}
	switch {
	case strings.Contains(name, ">"):
		c.r.at(key, "%s is a message; messages are expected under wire:", quote(name))
		return
	case !c.catalogue.has(name):
		if !c.r.refused(key, "notification", name) {
			c.r.at(key, "unknown notification %s%s", quote(name), didYouMean(name, append(slices.Clone(c.catalogue.names), "...")))
		}
		return
	case !Watched(c.watchOf(v.subject.Party), name):
		c.r.at(key, "%s is not watched: it would never be seen here; add it to watch:", name)
	}
	if value != nil && !value.null {
		v.fields(item, name, value)
	}
	if of := whole.get("of"); of != nil {
		item.Of = v.of(of)
	}
	if has := whole.get("has"); has != nil {
		item.Has, _ = c.matchers(has, "a map of attributes")
		c.knownAttributes(has, slices.Concat(sessionAttributes, streamAttributes), slices.Concat(sessionStates, streamStates))
	}
}

func (v *viewReader) fields(item *match.Item, name string, value *node) {
	c := v.c
	known := c.catalogue.fieldNames(name)
	for _, p := range c.dict(value, "a map of fields such as {originator: local}") {
		switch {
		case !slices.Contains(known, p.key.text) && (smallKeys[p.key.text] != "" || p.key.text == "of" || p.key.text == "has"):
			c.r.at(p.key, "%s stands beside %s, not inside its fields", quote(p.key.text), name)
		case !slices.Contains(known, p.key.text):
			c.r.at(p.key, "%s has no field %s%s", name, quote(p.key.text), hint(p.key.text, known))
		case p.value.null:
			c.noValue(p.key)
		default:
			m := c.matcher(p.value)
			c.fieldValue(name, p, m)
			item.Fields[p.key.text] = m
		}
	}
}

// of reads whose notification it is: a session, or /stream.
func (v *viewReader) of(n *node) string {
	text := v.c.text(n, "a session, or /stream")
	if text == "" {
		return ""
	}
	session, stream, isStream := strings.Cut(text, "/")
	if session != "" {
		session = v.c.sessionName(n, session)
	}
	if isStream {
		v.c.knownStream(n, stream)
		return session + "/" + stream
	}
	return session
}

// watchOf is what a party's views show.
func (c *compiler) watchOf(party string) []string {
	if p := c.party(party); p != nil && p.Watch != nil {
		return p.Watch
	}
	return c.result.Watch
}
