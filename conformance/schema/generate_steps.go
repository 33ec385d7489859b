package schema

import (
	"slices"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// calls defines what a party does: a call of the API, or a message of a script.
func (g *generator) calls() {
	bare, forms := []string{}, list{}
	for _, c := range g.language.Calls {
		if c.Argument == "none" || c.Optional {
			bare = append(bare, c.Name)
		}
		if c.Argument != "none" {
			forms = append(forms, g.callForm(c))
		}
	}
	call := append(list{object{"enum": bare, "description": "a call without a value"}, ref("variable")}, forms...)
	g.defs["call"] = anyOf("a call of the API", call...)
	g.defs["observerCall"] = anyOf("a call in an observer, with error: or as: beside it",
		append(list{object{"enum": bare, "description": "a call without a value"}, ref("check1")}, g.observerForms()...)...)
	scripts := list{}
	for _, c := range g.language.Scripts {
		scripts = append(scripts, g.scriptForm(c))
	}
	bare = nil
	for _, c := range g.language.StreamScripts {
		if slices.Contains([]string{"receive", "respond", "request", "send"}, c.Name) {
			scripts = append(scripts, g.scriptForm(c))
		} else {
			bare = append(bare, c.Name)
		}
	}
	scripts = append(scripts, object{"enum": bare, "description": "what a scripted party does with an MSRP connection"})
	g.defs["script"] = anyOf("a message of a scripted party", scripts...)
	g.defs["doing"] = anyOf("what the party does: a call, or a message of a scripted party", ref("call"), ref("script"))
}

func (g *generator) callForm(c scenario.CallWord) object {
	properties := object{c.Name: withText(g.argument(c.Argument), c.About)}
	for _, p := range c.Params {
		properties[p] = g.parameter(p)
	}
	form := closed(c.About, properties)
	form["required"] = []string{c.Name}
	return form
}

// observerForms are the calls of an observer: error, as and if stand in the same map.
func (g *generator) observerForms() list {
	forms := list{}
	for _, c := range g.language.Calls {
		form := g.callForm(c)
		properties := form["properties"].(object)
		if c.Argument == "none" {
			properties[c.Name] = object{"type": "null", "description": c.About}
		}
		properties["error"] = described("matcher", g.language.SmallKeys["error"])
		properties["as"] = described("label", g.language.SmallKeys["as"])
		properties["if"] = described("condition", g.language.SmallKeys["if"])
		forms = append(forms, form)
	}
	return forms
}

func (g *generator) argument(kind string) object {
	switch kind {
	case "streams":
		return ref("streams")
	case "code":
		return anyOf("", object{"type": "integer", "minimum": 100, "maximum": 999}, ref("variable"))
	case "map":
		value := anyOf("a value", object{"type": list{"string", "number", "boolean", "null"}}, object{"type": "array", "items": ref("text")})
		return mapOf("", value)
	}
	return ref("text")
}

func (g *generator) parameter(name string) object {
	switch name {
	case "streams":
		return described("streams", "streams to offer; [audio] unless said")
	case "routes":
		return anyOf("routes, tried in order: TRANSPORT PARTY[:PORT], or URIs; or lookup", object{"const": "lookup"},
			listOf("routes, tried in order", ref("text")))
	case "focus":
		return anyOf("whether we are a conference focus", object{"type": "boolean"}, ref("variable"))
	}
	if name == "early" {
		return anyOf("does not wait until the stream has started", object{"type": "boolean"}, ref("variable"))
	}
	about := map[string]string{"size": "the text is repeated up to this size", "to": "another recipient than the peer",
		"refresh": "seconds until it is told again", "account": "name of the account", "subject": "the subject", "reason": "the phrase",
		"replacing": "the session that is replaced", "type": "content type", "on": "alert (unless said) or voice",
		"loops": "how often, 1 unless said; 0: until it is stopped", "pause": "between two loops", "volume": "in percent"}
	return described("text", about[name])
}

func (g *generator) scriptForm(c scenario.CallWord) object {
	kinds := map[string]object{
		"receive": ref("message"), "request": object{"type": "string"}, "send": ref("text"),
		"respond": anyOf("", object{"type": "integer", "minimum": 1, "maximum": 999}, ref("variable")),
	}
	properties := object{c.Name: withText(kinds[c.Name], c.About)}
	about := map[string]string{
		"to": "which request is answered (method or label); to whom a request outside a dialog goes", "from": "the sender",
		"reason": "the phrase", "body": "the body as text", "sipfrag": "a sipfrag body: a code, or a status line",
		"ruri": "the Request-URI", "dialog": "none: outside the dialog", "like": "the same again as that label, with changes",
		"branch": "new: another branch", "cseq": "another CSeq", "from_tag": "another tag of From", "to_tag": "another tag of To",
		"once": "never repeated", "size": "the body is repeated up to this size", "type": "Content-Type",
		"flag": "of the end of the chunk: $, + or #", "tid": "transaction id",
	}
	for _, p := range c.Params {
		switch p {
		case "sdp":
			properties[p] = ref("sentSDP")
		case "headers":
			properties[p] = anyOf("headers, replaced or added", ref("variable"), mapOf("headers; a list sends several", anyOf("a value",
				ref("text"), object{"type": "array", "items": ref("text")})))
		default:
			properties[p] = described("text", about[p])
		}
	}
	form := closed(c.About, properties)
	form["required"] = []string{c.Name}
	return form
}

// steps defines the timeline.
func (g *generator) steps() {
	g.defs["steps"] = object{"type": "array", "items": ref("step"), "description": "the timeline"}
	attributes := object{}
	for _, words := range []scenario.Words{g.language.StreamState, g.language.PartyState, g.language.ServerState, g.language.Session} {
		for word, about := range words {
			attributes[word] = described("matcher", about)
		}
	}
	g.defs["attributes"] = closed("attributes and what they must be", attributes)
	g.defs["check"] = object{"type": "object", "additionalProperties": ref("attributes"),
		"propertyNames": object{"pattern": scenario.SubjectPattern}, "description": "subjects and their attributes"}
	g.defs["check1"] = closed("attributes of the session that posted", object{"check": ref("attributes"), "if": ref("condition")})
	properties := object{"both ways": described("sentence", "everybody hears everybody else")}
	g.verbs(properties)
	g.smallKeys(properties)
	g.network(properties)
	g.defs["sentence"] = anyOf("silence, or what is measured", object{"const": "silence"}, ref("variable"),
		closed("measures", matchers(g.language.Sound)))
	g.defs["step"] = object{
		"type": "object", "minProperties": 1, "properties": properties, "additionalProperties": ref("doing"),
		"description":       "one verb, a party or one of the words, with small keys beside it",
		"patternProperties": object{`^\S+ hears( \S+)?$`: ref("sentence")},
		"propertyNames":     object{"anyOf": list{object{"pattern": scenario.SubjectPattern}, object{"pattern": " hears( |$)|^both ways$"}}},
		"defaultSnippets":   snippets(),
	}
}

func (g *generator) verbs(properties object) {
	kinds := map[string]object{
		"expect": ref("expect"), "check": ref("check"), "listen": ref("time"), "repeat": ref("steps"), "together": ref("steps"),
		"run":  ref("text"),
		"when": mapOf("", ref("item")),
	}
	for verb, about := range g.language.Verbs {
		properties[verb] = withText(kinds[verb], about)
	}
	properties["from"] = described("time", g.language.Extras["from"])
	properties["do"] = anyOf(g.language.Extras["do"], ref("observerCall"), object{"type": "array", "items": ref("observerCall")})
	properties["with"] = anyOf(g.language.Extras["with"], object{"type": "object"},
		object{"type": "array", "items": object{"type": "object"}})
}

func (g *generator) smallKeys(properties object) {
	kinds := map[string]object{"as": ref("label"), "at": ref("instant"), "after": ref("instant"), "before": ref("instant"),
		"within": ref("time"), "for": ref("time"), "times": ref("times"), "if": ref("condition"), "error": ref("matcher")}
	for key, about := range g.language.SmallKeys {
		properties[key] = withText(kinds[key], about)
	}
}

// network adds the network verbs and the keys beside them.
func (g *generator) network(properties object) {
	link := object{"type": "string", "pattern": `^(\S+ (>|<->) \S+|any|all)$`}
	message := object{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": anyOf("a message",
		object{"type": "integer"}, object{"type": "string"})}
	all := g.defs
	all["networkVerb"] = object{"type": "object", "minProperties": 1, "description": "a network verb", "additionalProperties": false}
	own := object{}
	for verb, keys := range g.language.NetworkKeys {
		value := message
		switch verb {
		case "cut", "link", "heal":
			value = link
		case "rebind", "move":
			value = ref("label")
		}
		own[verb] = withText(value, g.language.Network[verb])
		for _, key := range keys {
			own[key] = described("text", g.language.Network[key])
		}
	}
	for key, schema := range own {
		properties[key] = schema
	}
	withSmall := object{}
	for _, key := range []string{"for", "times", "if", "at", "after", "as"} {
		withSmall[key] = properties[key]
	}
	for key, schema := range own {
		withSmall[key] = schema
	}
	all["networkVerb"].(object)["properties"] = withSmall
}

// snippets are what editors offer for an empty step.
func snippets() list {
	return list{
		object{"label": "expect", "description": "exact sequences", "body": object{"expect": object{
			"${1:alice}": list{"${2:SIPSessionNewOutgoing}", "..."}, "wire": list{object{"${1:alice} > ${3:bob}": "${4:INVITE}"}, "..."}}}},
		object{"label": "listen", "description": "measure the sound", "body": object{"listen": "${1:3s}",
			"${2:bob} hears ${3:alice}": object{"tone": "${4:440 Hz}", "snr": "30dB.."}}},
		object{"label": "cut", "description": "cut a link for a while", "body": object{"cut": "${1:alice} <-> ${2:bob}", "for": "${3:3s}"}},
	}
}
