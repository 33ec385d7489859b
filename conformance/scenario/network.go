package scenario

import (
	"net/netip"
	"slices"
	"strings"
)

var mediaMessages = []string{"rtp", "rtcp", "msrp", "stun", "dns", "any"}

// network reads a network verb and the keys beside it.
func (c *compiler) network(n *node, p pair, place stepPlace) Verb {
	name := p.key.text
	if c.r.refused(p.key, "verb", name) {
		return nil
	}
	extras := networkVerbs[name]
	known := append([]string{"if", "at", "after", "as"}, extras...)
	if name == "rebind" || name == "move" {
		c.allow(n, name, known...)
		return c.relocation(n, p, place)
	}
	if name != "heal" {
		known = append(known, "for")
	}
	if slices.Contains(extras, "first") {
		known = append(known, "times")
	}
	c.allow(n, name, known...)
	v := &NetworkVerb{Name: name}
	if p.value.null {
		c.r.at(p.key, "%s has no value", quote(name))
		return nil
	}
	c.networkTarget(v, p)
	for _, k := range n.pairs {
		if !slices.Contains(extras, k.key.text) {
			continue
		}
		switch k.key.text {
		case "by":
			v.By = c.time(k.value)
		case "rate":
			v.Rate = c.rate(k.value)
		case "first":
			v.First = c.number(k.value)
		case "latency":
			v.Latency = c.time(k.value)
		case "jitter":
			v.Jitter = c.time(textNode(k.value.pos, strings.TrimPrefix(k.value.text, "..")))
		case "bandwidth":
			v.Bandwidth = c.size(k.value)
		}
	}
	c.networkNeeds(n, p, name)
	return v
}

// relocation reads rebind and move, which happen to one party.
func (c *compiler) relocation(n *node, p pair, place stepPlace) Verb {
	v := &NetworkVerb{Name: p.key.text}
	if place == networkPlace {
		c.r.at(p.key, "%s happens at an instant: it is a step, not a fault in force from the start", v.Name)
	}
	if v.Party = c.text(p.value, "a party"); v.Party == "" {
		return nil
	}
	switch party := c.party(v.Party); {
	case !c.knownParty(p.value, v.Party):
	case v.Name == "rebind" && party.NAT == "":
		c.r.at(p.value, "%s is behind no router: say nat: there", v.Party)
	}
	if to := n.get("to"); to != nil {
		v.Addr = c.address(to)
	}
	return v
}

// address reads an IP address.
func (c *compiler) address(n *node) string {
	text := c.text(n, "an address")
	if _, err := netip.ParseAddr(text); err != nil && text != "" {
		c.r.at(n, "%s is no address such as 192.0.2.7", quote(text))
	}
	return text
}

// networkNeeds reports keys without which a verb says nothing.
func (c *compiler) networkNeeds(n *node, p pair, name string) {
	needs := map[string]string{"delay": "by", "loss": "rate"}
	if key := needs[name]; key != "" && n.get(key) == nil {
		c.r.at(p.key, "%s needs %s:", name, key)
	}
	if name == "link" && n.get("latency") == nil && n.get("jitter") == nil && n.get("bandwidth") == nil {
		c.r.at(p.key, "link needs latency:, jitter: or bandwidth:")
	}
}

// networkTarget reads a link, or one message on a link.
func (c *compiler) networkTarget(v *NetworkVerb, p pair) {
	wantsMessage := slices.Contains([]string{"drop", "duplicate", "corrupt", "delay", "loss"}, v.Name)
	if !p.value.isDict() {
		text := c.text(p.value, "a link such as alice > bob")
		if text == "" {
			return
		}
		if wantsMessage {
			c.r.at(p.value, "%s needs a message: {alice > bob: 200}, or any", v.Name)
			return
		}
		if c.party(text) != nil && v.Name == "cut" {
			c.r.at(p.value, "%s is a party; a link is A > B, A <-> B or any", quote(text))
			return
		}
		v.From, v.To, v.Both = c.link(p.value, text)
		return
	}
	if !wantsMessage {
		c.r.at(p.value, "%s takes a link such as alice <-> bob, found a map", v.Name)
		return
	}
	if len(p.value.pairs) != 1 {
		c.r.at(p.value, "%s takes one message on one link, found %d", v.Name, len(p.value.pairs))
		return
	}
	one := p.value.pairs[0]
	v.From, v.To, v.Both = c.link(one.key, one.key.text)
	v.Message = c.faultMessage(one.value)
}

// faultMessage reads METHOD, CODE, CODE METHOD, rtp, rtcp, msrp, stun, dns or any.
func (c *compiler) faultMessage(n *node) string {
	text := c.text(n, "a message: a method, a code, rtp, rtcp or any")
	code, method, both := strings.Cut(text, " ")
	switch {
	case text == "" || c.r.refused(n, "message", text) || slices.Contains(mediaMessages, text):
	case codeForm.MatchString(code) && (!both || methodForm.MatchString(method)):
	case !both && slices.Contains(msrpMethods, text):
	case both || codeForm.MatchString(text):
		c.r.at(n, "%s is no message: expected a method, a code, rtp, rtcp, msrp, stun, dns or any", quote(text))
	default:
		c.method(n)
	}
	return text
}
