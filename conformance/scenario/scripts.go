package scenario

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// script reads one message of a scripted party.
func (c *compiler) script(step *Step, s Subject, p pair) Verb {
	if s.Stream != "" {
		return c.streamScript(step, s, p)
	}
	v := &Script{Party: s.Party, Dialog: s.Session, Params: map[string]any{}}
	pairs := c.dict(p.value, "a message such as {receive: INVITE} or {respond: 200, sdp: answer}")
	var verb *pair
	for i := range pairs {
		if _, ok := scripts[pairs[i].key.text]; ok && verb == nil {
			verb = &pairs[i]
		}
	}
	if verb == nil {
		if len(pairs) > 0 {
			c.r.at(pairs[0].key, "%s is scripted; expected receive, respond, request or send, found %s%s", s.Party,
				quote(pairs[0].key.text), didYouMean(pairs[0].key.text, names(scripts)))
		}
		return nil
	}
	v.Name = verb.key.text
	if c.r.refused(verb.key, "script", v.Name) {
		return nil
	}
	c.nameSession(step, v.Name == "receive" || v.Name == "request")
	if verb.value.null {
		c.r.at(verb.key, "%s has no value", quote(v.Name))
		return nil
	}
	c.scriptValue(v, verb)
	for _, k := range pairs {
		switch {
		case k.key == verb.key:
		case smallKeys[k.key.text] != "":
			c.r.at(k.key, "%s stands beside the verb, not inside its value", quote(k.key.text))
		case !slices.Contains(scripts[v.Name].params, k.key.text):
			c.noParameter(v.Name, k, scripts[v.Name].params)
		default:
			c.scriptParameter(v, k)
		}
	}
	return v
}

// scriptValue reads what is received, the code, the method or the file.
func (c *compiler) scriptValue(v *Script, verb *pair) {
	switch v.Name {
	case "receive":
		item := c.message(verb.value)
		item.Pos, item.Source = verb.value.pos, verb.value.String()
		v.Receive = &item
	case "respond":
		v.Arg = c.text(verb.value, "a response code such as 200")
		if code, err := strconv.Atoi(v.Arg); v.Arg != "" && (err != nil || code < 1 || code > 999) {
			c.r.at(verb.value, "%s is no response code such as 200", quote(v.Arg))
		}
	case "request":
		v.Arg = c.method(verb.value)
	case "send":
		v.Arg = c.fileToSend(verb.value)
	}
}

func (c *compiler) scriptParameter(v *Script, k pair) {
	if k.value.null {
		c.r.at(k.key, "%s has no value; quote a text with \", \" in it", quote(k.key.text))
		return
	}
	switch key, value := k.key.text, k.value; key {
	case "sdp":
		v.Params[key] = c.sentSDP(value)
	case "headers":
		headers := map[string]string{}
		for _, h := range c.dict(value, "a map of headers") {
			headers[h.key.text] = c.headerText(h)
		}
		v.Params[key] = headers
	case "to", "from":
		v.Params[key] = c.scriptTarget(v, key, value)
	case "like":
		text := c.text(value, "a label")
		v.Params[key] = c.instantLabel(value, text)
	case "once":
		v.Params[key] = c.bool(value)
	default:
		v.Params[key] = c.sentText(value)
	}
}

// headerText is the value of a header to send; a list sends it several times,
// separated by newlines.
func (c *compiler) headerText(h pair) string {
	if h.value.isList() {
		return strings.Join(c.texts(h.value, "the values of a header"), "\n")
	}
	if h.value.null {
		c.r.at(h.key, "the header %s has no value; quote a text with \", \" in it, write \"\" for an empty one", quote(h.key.text))
		return ""
	}
	return c.sentText(h.value)
}

// sentText is a text to send; $name of a let variable becomes ${name}, which
// the player replaces.
func (c *compiler) sentText(n *node) string {
	text := n.text
	if !n.isScalar() {
		c.r.at(n, "expected a text, found %s", n.what())
	}
	if m := wholeVariable.FindStringSubmatch(text); m != nil && !n.quoted {
		return "${" + m[1] + "}"
	}
	return text
}

// scriptTarget is the `to` of a respond (a method or label), the `to` of a
// request or send (a party, a URI), or the `from` of a receive (a party).
func (c *compiler) scriptTarget(v *Script, key string, n *node) string {
	text := c.text(n, "a party, a method or a label")
	switch {
	case text == "":
	case v.Name == "respond" || v.Name == "receive" && key == "to":
		if slices.Contains(methods, text) || text == strings.ToUpper(text) {
			return text
		}
		return c.instantLabel(n, text)
	case strings.HasPrefix(text, "sip:") || strings.HasPrefix(text, "sips:"):
	case strings.HasPrefix(text, "contact of "):
		return c.whom(n)
	default:
		c.knownParty(n, text)
	}
	return text
}

var methodForm = regexp.MustCompile(`^[A-Z][A-Z0-9-]*$`)

// method reads the name of a method; an unknown one is fine unless it looks
// like a slip of the pen.
func (c *compiler) method(n *node) string {
	text := c.text(n, "a method such as INVITE")
	if text == "" || slices.Contains(methods, text) {
		return text
	}
	if !methodForm.MatchString(text) {
		c.r.at(n, "%s is no method such as INVITE%s", quote(text), didYouMean(text, methods))
	} else if s := didYouMean(text, methods); s != "" {
		c.r.at(n, "unknown method %s%s", quote(text), s)
	}
	return text
}
