package schema

import (
	"maps"
	"slices"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// cast defines parties, streams and descriptions that a script sends.
func (g *generator) cast() {
	l := g.language
	outcome := anyOf("when a double has an answer", object{"const": "never"}, ref("time"), object{"type": "boolean"},
		closed("it fails", object{"fail": described("text", "the reason"), "after": described("time", "after this long")}))
	double := anyOf(l.Stream["double"], object{"const": true},
		closed("behaviour of the stand-in", object{"initialize": outcome, "start": outcome}))
	kinds := map[string]object{"type": oneWord("", l.StreamTypes), "double": double, "hold": object{"type": "boolean"},
		"direction": oneWord("", l.Directions), "codecs": listOf("", ref("text")),
		"file": anyOf("", ref("text"), closed("parts of a file", g.texts(l.File))), "role": oneWord("", []string{"viewer", "server"}), "program": oneWord("", []string{"running", "absent"})}
	stream := object{}
	for key, about := range l.Stream {
		stream[key] = withText(kinds[key], about)
	}
	g.defs["streamDefinitions"] = mapOf("named streams", anyOf("a type, or a map of stream keys",
		object{"enum": l.StreamTypes}, closed("stream keys", stream)))
	g.defs["tone"] = object{"type": "string", "pattern": `^([0-9.]+ ?Hz|silence|\$[a-z_][a-z0-9_]*)$`, "description": "a tone such as 440 Hz, or silence"}
	g.defs["watch"] = listOf("session, stream, application, all, or patterns of names",
		anyOf("a word or a pattern", object{"enum": l.Watch}, object{"type": "string", "pattern": `^[A-Z][A-Za-z*?]*$`}))
	g.sentSDP()
	g.party()
}

// texts makes the properties for words that have a text each.
func (*generator) texts(words scenario.Words) object {
	properties := object{}
	for word, about := range words {
		properties[word] = described("text", about)
	}
	return properties
}

func (g *generator) party() {
	l := g.language
	settings := func(words map[string]string) object {
		properties := object{}
		for key, about := range words {
			properties[key] = anyOf(about, object{"type": list{"string", "number", "boolean", "null"}},
				object{"type": "array", "items": ref("text")})
		}
		return closed("dotted paths and values", properties)
	}
	kinds := map[string]object{
		"plays": anyOf("", ref("tone"), object{"type": "string", "pattern": `\.wav$`}, object{"type": "array", "items": ref("tone")}), "watch": ref("watch"),
		"start": oneWord("", []string{"auto", "manual"}), "settings": settings(l.Settings), "account": settings(l.Account),
		"accounts": mapOf("", settings(l.Account)), "streams": ref("streamDefinitions"), "host": ref("text"),
		"scripted": object{"type": "boolean"}, "auto": ref("methods"), "ignore": ref("methods"), "devices": g.devices(), "roams": object{"type": "boolean"},
	}
	maps.Copy(kinds, g.server())
	keys := object{}
	for key, about := range l.Party {
		keys[key] = withText(kinds[key], about)
	}
	party := closed("keys of a party", keys)
	party["type"] = list{"object", "null"}
	names := object{"pattern": "^[a-z_][a-z0-9_]*$"}
	byName := mapOf("parties by name", party)
	byName["propertyNames"] = names
	g.defs["parties"] = anyOf("who takes part", object{"type": "array", "minItems": 1,
		"items": object{"type": "string", "pattern": names["pattern"]}}, byName)
}

// devices are the sound devices of a party.
func (g *generator) devices() object {
	keys := g.texts(g.language.Device)
	keys["open"] = oneWord(g.language.Device["open"], []string{"fails"})
	keys["there"] = object{"type": "boolean", "description": g.language.Device["there"]}
	keys["plays"] = anyOf(g.language.Device["plays"], ref("tone"), object{"type": "array", "items": ref("tone")})
	device := closed("keys of a device", keys)
	device["required"] = []string{"name"}
	return listOf("", anyOf("a name, or a map", object{"type": "string", "pattern": "^[a-z_][a-z0-9_]*$"}, device))
}

// server are the keys of servers, of routers and of certificates.
func (g *generator) server() map[string]object {
	l := g.language
	code := object{"type": "integer", "minimum": 100, "maximum": 699}
	fields := object{}
	for _, key := range l.AnswerFields {
		fields[key] = described("text", "of the answer")
	}
	fields["stale"] = anyOf("of the challenge: the nonce was too old", object{"type": "boolean"})
	fields["after"] = described("time", "how long it thinks")
	fields["headers"] = mapOf("added, or in place of those that are there", anyOf("a value", ref("text"),
		object{"type": "array", "items": ref("text")}))
	words := []string{"forward", "silent"}
	answer := anyOf("forward (normal service), silent, a code, or one of them with fields", object{"enum": words}, code, ref("variable"),
		object{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false, "description": "an answer with fields",
			"patternProperties": object{`^([1-6][0-9][0-9]|forward|silent|\$[a-z_][a-z0-9_]*)$`: closed("fields of the answer", fields)}})
	wordOrFile := func(about string, words []string) object {
		return anyOf(about, object{"enum": words}, ref("variable"), object{"type": "string", "pattern": `\.`})
	}
	return map[string]object{
		"nat": oneWord("", l.NATs), "server": oneWord("", l.Servers), "users": mapOf("", ref("text")),
		"challenge":   anyOf("", object{"enum": list{401, 407}}, ref("variable")),
		"expires":     anyOf("", object{"type": "integer", "minimum": 1}, ref("variable")),
		"min_expires": anyOf("", object{"type": "integer", "minimum": 1}, ref("variable")), "gruu": object{"type": "boolean"},
		"forks":    mapOf("", listOf("parties or URIs", ref("text"))),
		"contacts": oneWord("", []string{"kept", "source"}),
		"answers":  mapOf("", listOf("one after another", answer)),
		"storage":  storage(),
		"tls": closed("", object{"certificate": wordOrFile("what it shows", l.Certificates),
			"ca": wordOrFile("whom it trusts", l.Authorities)}),
	}
}

// storage is where an application keeps its configuration.
func storage() object {
	fault := closed("how it fails", object{
		"fail": described("text", "the error"), "times": object{"type": "integer", "minimum": 1, "description": "how often; always unless said"},
	})
	kinds := list{"memory", "file"}
	return anyOf("", object{"enum": kinds}, ref("variable"), closed("a storage that fails", object{
		"kind": object{"enum": kinds, "description": "memory unless said"}, "load": fault, "save": fault,
	}))
}

func (g *generator) sentSDP() {
	l := g.language
	words := append([]string{"alive", "same", "mirror"}, l.Directions...)
	properties := object{}
	for key, about := range l.Line {
		properties[key] = anyOf(about, ref("text"), object{"type": "array", "items": ref("text")})
	}
	line := anyOf("a line to send: a direction, alive, 0, same, mirror, or its parts", object{"enum": words}, object{"const": 0},
		ref("variable"), closed("parts of a line", properties))
	g.defs["sentSDP"] = anyOf("a description to send: none, same, answer, or its lines by name",
		object{"enum": []string{"none", "same", "answer"}}, ref("variable"),
		object{"type": "object", "additionalProperties": line, "description": "lines by name", "properties": object{
			"address": described("text", "address of the c= line"), "origin": described("text", "user of the o= line")}})
}

// file is the top level.
func (g *generator) file() object {
	l := g.language
	matrix := object{}
	for knob, values := range l.Knobs {
		items := object{"enum": values}
		switch {
		case values == nil:
			items = ref("time")
		case knob == "ip":
			items = object{"enum": list{4, 6, "4", "6"}}
		}
		matrix[knob] = object{"type": "array", "items": items, "minItems": 1, "description": "a knob that every call obeys"}
	}
	texts := func(about string) object { return object{"type": "array", "items": ref("text"), "description": about} }
	rows := object{"type": "array", "minItems": 1, "items": object{"type": "object"}}
	kinds := map[string]object{
		"callflow": object{"const": 1}, "name": ref("text"), "about": ref("text"), "tags": texts(""), "include": texts(""),
		"spec": object{"type": "array", "items": object{"type": "string", "pattern": `^([GATIMSX][0-9]+|S?D[0-9]+|rfc[0-9]+(#[0-9A-Za-z.]+)?)$`}},
		"part": object{"type": "string", "pattern": `^[a-z_][a-z0-9_-]*$`, "description": "the name of this part"}, "params": object{"type": "object"}, "parties": ref("parties"), "streams": ref("streamDefinitions"),
		"vars": object{"type": "object"}, "cases": rows, "except": rows, "network": object{"type": "array", "items": ref("networkVerb")},
		"matrix": object{"type": "object", "properties": matrix, "additionalProperties": object{"type": "array", "minItems": 1}},
		"watch":  ref("watch"), "limit": ref("time"), "settle": ref("time"), "skip": ref("text"), "steps": ref("steps"),
		"budget": closed("", object{"virtual": described("time", "of call time"), "wall": described("time", "of ours")}),
		"seed":   object{"type": "integer", "minimum": 0}, "worlds": object{"type": "array", "items": object{"enum": l.Worlds}},
		"finally": ref("check"), "dns": texts(""),
	}
	properties := object{}
	for _, key := range slices.Sorted(maps.Keys(l.TopLevel)) {
		properties[key] = withText(kinds[key], l.TopLevel[key])
	}
	root := closed("a call flow: who takes part, what they do, and exactly what must be seen of it", properties)
	root["required"] = []string{"callflow", "parties", "steps"}
	return root
}
