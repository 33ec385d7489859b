package scenario

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// subjectStep reads what a party does: a call, or a message of a script.
func (c *compiler) subjectStep(step *Step, n *node, p pair) Verb {
	subjects := c.subjects(p.key, p.key.text)
	scripted := 0
	for _, s := range subjects {
		switch party := c.party(s.Party); {
		case party == nil:
		case party.Server != nil:
			c.r.at(p.key, "%s is a server and does nothing of its own accord", s.Party)
			return nil
		case party.Scripted:
			scripted++
		}
	}
	switch {
	case scripted > 0 && len(subjects) > 1:
		c.r.at(p.key, "a scripted party does one thing a step, alone")
		return nil
	case scripted > 0:
		c.allow(n, p.key.text, "as", "at", "after", "before", "within", "times", "if")
		return c.script(step, subjects[0], p)
	}
	c.allow(n, p.key.text, "as", "at", "after", "before", "within", "if", "error")
	call := &Call{Subjects: subjects, Params: map[string]any{}}
	if !c.call(call, p.value, false) {
		return nil
	}
	c.nameSession(step, calls[call.Name].makes)
	for _, s := range subjects {
		spec := calls[call.Name]
		switch {
		case call.Name == "post":
			c.posted(p.value, call, s)
		case spec.app && (s.Session != "" || s.Stream != ""):
			c.r.at(p.key, "%s is for an application: %s", quote(call.Name), s.Party)
		case spec.stream && s.Stream == "":
			c.r.at(p.key, "%s is for a stream: %s/NAME", quote(call.Name), s)
		case !spec.stream && s.Stream != "":
			c.r.at(p.key, "%s is for a session, not for a stream", quote(call.Name))
		}
	}
	return call
}

// nameSession gives the session that a step makes the name of its label.
func (c *compiler) nameSession(step *Step, makes bool) {
	if step.As == "" || !makes {
		return
	}
	step.Session = step.As
	if name, ok := c.scope.calls[strings.TrimPrefix(step.As, c.scope.prefix)]; ok {
		step.Session = name
	}
}

// call reads `accept`, or a map with one call and its parameters. In an
// observer, small keys stand in the same map.
func (c *compiler) call(call *Call, n *node, observer bool) bool {
	if n.isScalar() {
		call.Name = n.text
		spec, ok := c.callSpec(n)
		if ok && spec.arg != noArgument && !spec.optional {
			c.r.at(n, "%s needs a value: {%s: %s}", n.text, n.text, argumentWords[spec.arg])
			return false
		}
		return ok
	}
	pairs := c.dict(n, "a call such as accept, or {call: bob, streams: [audio]}")
	var name *pair
	for i, p := range pairs {
		if _, ok := calls[p.key.text]; ok && (name == nil || !slices.Contains(calls[name.key.text].params, p.key.text)) {
			if name != nil {
				c.r.at(p.key, "a step makes one call; %s is a second beside %s", quote(p.key.text), quote(name.key.text))
				return false
			}
			name = &pairs[i]
		}
	}
	if name == nil {
		if len(pairs) > 0 {
			c.callSpec(pairs[0].key)
		} else if n.isDict() {
			c.r.at(n, "expected a call, found an empty map")
		}
		return false
	}
	call.Name = name.key.text
	spec, ok := c.callSpec(name.key)
	if !ok {
		return false
	}
	c.argument(call, spec, name.key, name.value)
	for _, p := range pairs {
		switch {
		case p.key == name.key || observer && smallKeys[p.key.text] != "":
		case smallKeys[p.key.text] != "":
			c.r.at(p.key, "%s stands beside the verb, not inside its value", quote(p.key.text))
		case !slices.Contains(spec.params, p.key.text):
			c.noParameter(call.Name, p, spec.params)
		default:
			c.parameter(call, p)
		}
	}
	return true
}

// noParameter reports what a verb does not take. Without a value it is most likely
// the rest of a text with a comma in it.
func (c *compiler) noParameter(verb string, p pair, known []string) {
	advice := hint(p.key.text, known)
	if p.value.null {
		advice = "; a text with \", \" in it is quoted"
	}
	c.r.at(p.key, "%s has no parameter %s%s", quote(verb), quote(p.key.text), advice)
}

// callSpec finds a call by name and refuses what is not built.
func (c *compiler) callSpec(n *node) (callSpec, bool) {
	spec, ok := calls[n.text]
	if !ok {
		if _, isScript := scripts[n.text]; isScript {
			c.r.at(n, "%s is for scripted parties (scripted: true)", quote(n.text))
			return spec, false
		}
		c.r.at(n, "unknown call %s%s", quote(n.text), didYouMean(n.text, names(calls)))
		return spec, false
	}
	return spec, !c.r.refused(n, "call", n.text)
}

var argumentWords = map[argument]string{
	whomArgument: "WHOM", codeArgument: "CODE", streamsArgument: "[streams]", streamArgument: "STREAM", textArgument: "TEXT",
	mapArgument: "{…}",
}

// argument reads the value of the call key.
func (c *compiler) argument(call *Call, spec callSpec, key, n *node) {
	if n.null {
		if spec.arg != noArgument {
			c.r.at(key, "%s has no value: expected %s", quote(call.Name), argumentWords[spec.arg])
		}
		return
	}
	switch spec.arg {
	case noArgument:
		c.r.at(n, "%s takes no value, found %s", quote(call.Name), n.what())
	case whomArgument:
		call.Arg = c.whom(n)
	case codeArgument:
		call.Arg = c.code(n)
	case streamsArgument:
		call.Arg = c.streamNames(n)
	case streamArgument:
		name := c.text(n, "a stream")
		if name != "" {
			c.knownStream(n, name)
		}
		call.Arg = name
	case mapArgument:
		if call.Name == "adjust" {
			call.Arg = c.adjustments(n)
		} else {
			call.Arg = c.changes(n)
		}
	default:
		call.Arg = c.text(n, "a text")
	}
	c.soundArgument(call, n)
	c.deviceArgument(call, n)
	if call.Name == "post" && !n.null && !c.catalogue.has(n.text) {
		c.r.at(n, "unknown notification %s%s", quote(n.text), didYouMean(n.text, c.catalogue.names))
	}
}

// posted reports a notification that an application posts by itself.
func (c *compiler) posted(n *node, call *Call, s Subject) {
	if name, _ := call.Arg.(string); s.Stream == "" && c.catalogue.has(name) && !slices.Contains(inputs, name) {
		c.r.inside(n, name, "%s is posted by the middleware; a file posts %s, and what it likes on a double: %s/NAME", name,
			strings.Join(inputs, " or "), s)
	}
}

func (c *compiler) parameter(call *Call, p pair) {
	if p.value.null {
		c.r.at(p.key, "%s has no value", quote(p.key.text))
		return
	}
	switch key := p.key.text; key {
	case "streams":
		call.Params[key] = c.streamNames(p.value)
	case "routes":
		call.Params[key] = c.routes(p.value)
	case "focus", "early":
		call.Params[key] = c.bool(p.value)
	case "size":
		call.Params[key] = c.size(p.value)
	case "on":
		call.Params[key] = c.word(p.value, []string{"alert", "voice"})
	case "loops", "volume":
		call.Params[key] = c.number(p.value)
	case "pause":
		call.Params[key] = c.time(p.value)
	case "replacing":
		text := c.text(p.value, "a session")
		call.Params[key] = c.sessionName(p.value, text)
	default:
		call.Params[key] = c.text(p.value, "a text")
	}
}

// code reads a response code that an application may give.
func (c *compiler) code(n *node) string {
	text := c.text(n, "a response code such as 486")
	if _, err := strconv.Atoi(text); err != nil && text != "" {
		c.r.at(n, "%s is no response code such as 486", quote(text))
	}
	return text
}

// whom reads a party, `contact of bob`, `contact of bob/work` or a URI.
func (c *compiler) whom(n *node) string {
	text := c.text(n, "a party, contact of a party, or a URI")
	name, isContact := strings.CutPrefix(text, "contact of ")
	name, _, _ = strings.Cut(name, "/")
	switch {
	case text == "":
	case isContact:
		c.knownParty(n, name)
	case strings.HasPrefix(text, "sip:") || strings.HasPrefix(text, "sips:"):
	default:
		c.knownParty(n, text)
	}
	return text
}

// lookup stands for the routes that DNS has for the callee.
const lookup = "lookup"

var routeForm = regexp.MustCompile(`^(udp|tcp|tls) ([a-z_][a-z0-9_]*)(?::(\d{1,5}))?$`)

// routes reads a list of TRANSPORT PARTY[:PORT], URIs, or `lookup`.
func (c *compiler) routes(n *node) []string {
	if n.plain() == lookup {
		if c.result.DNS == nil {
			c.r.at(n, "routes are looked up in dns:, and this file has none")
		}
		return []string{lookup}
	}
	list := []string{}
	for _, item := range c.list(n, "a list of routes such as [udp bob]") {
		text := c.text(item, "a route such as udp bob")
		m := routeForm.FindStringSubmatch(text)
		switch {
		case m == nil && (strings.HasPrefix(text, "sip:") || strings.HasPrefix(text, "sips:")):
		case m == nil && text != "":
			c.r.at(item, "%s is no route: expected TRANSPORT PARTY[:PORT] such as tcp bob:5070, or a URI", quote(text))
		case m != nil && m[2] != "nobody" && m[2] != "nowhere":
			c.knownParty(item, m[2])
		}
		list = append(list, text)
	}
	return list
}
