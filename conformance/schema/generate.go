package schema

import (
	"bytes"
	"encoding/json"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// object is a piece of a schema. encoding/json sorts its keys.
type object = map[string]any

type list = []any

// generator makes the schema of a language.
type generator struct {
	language      scenario.Language
	notifications []scenario.NotificationWord
	about         map[string]string // of notifications: their doc comments
	defs          object
}

// Generate makes the schema. about tells what each notification means: the doc
// comment of its type.
func Generate(about map[string]string) ([]byte, error) {
	g := &generator{language: scenario.Describe(), notifications: scenario.Notifications(), about: about, defs: object{}}
	g.basics()
	g.wire()
	g.items()
	g.calls()
	g.steps()
	g.cast()
	root := g.file()
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = ID
	root["title"] = "callflow scenario"
	root["$defs"] = g.defs
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(root)
	return out.Bytes(), err
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

// described is a reference with a text of its own.
func described(name, text string) object {
	return object{"$ref": "#/$defs/" + name, "description": text}
}

func anyOf(text string, members ...any) object {
	return object{"anyOf": list(members), "description": text}
}

func oneWord(text string, words []string) object {
	return anyOf(text, object{"enum": words, "description": text}, ref("variable"))
}

func listOf(text string, items object) object {
	return anyOf(text, object{"type": "array", "items": items, "description": text}, ref("variable"))
}

func mapOf(text string, values object) object {
	return object{"type": "object", "additionalProperties": values, "description": text}
}

// closed is a map with exactly these keys.
func closed(text string, properties object) object {
	return object{"type": "object", "properties": properties, "additionalProperties": false, "description": text}
}

// basics defines the scalars.
func (g *generator) basics() {
	scalar := list{"string", "number", "boolean", "null"}
	g.defs["variable"] = object{"type": "string", "pattern": `^\$[a-z_][a-z0-9_]*$`, "description": "a variable: $name"}
	g.defs["text"] = object{"type": list{"string", "number", "boolean"}, "description": "a text, read as it is written"}
	g.defs["time"] = object{"type": "string", "pattern": scenario.TimePattern,
		"description": "a time with its unit: 500ms, 1.5s, 2m, 1h"}
	g.defs["instant"] = object{"type": "string", "pattern": `^([a-z_$][a-z0-9_.]*|[0-9.]+ ?(ms|s|m|h))( *[-+] *.+)?$`,
		"description": "an instant: answer + 32s, a window answer + 2s..4s, a list call + [0s, 0.5s], or a time from the start"}
	g.defs["times"] = anyOf("a number or a range such as 1..2; 0: not there", object{"type": "integer", "minimum": 0},
		object{"type": "string", "pattern": `^([0-9]+|[0-9]*\.\.[0-9]*|\$[a-z_][a-z0-9_]*)$`})
	g.defs["condition"] = object{"type": "string", "pattern": `^\$`, "description": "$v, $v = x or $v != x, decided before the run"}
	g.defs["label"] = object{"type": "string", "pattern": `^[a-z_][a-z0-9_]*$`, "description": "a name: small letters, digits and _"}
	g.defs["matcher"] = anyOf("text or number (equal), /re/, a..b, 2xx, any, set, null, absent, not X, X | Y, $v, let $v, a list in full, a map of parts",
		object{"type": scalar}, object{"type": "array", "items": ref("matcher")},
		object{"type": "object", "additionalProperties": ref("matcher")})
	g.defs["pattern"] = object{"type": "string", "pattern": scenario.MatcherPattern,
		"description": "/re/, a..b, 2xx, any, set, null, absent, not X, X | Y, $v, $v + 1, let $v"}
	g.defs["streams"] = listOf("streams by their names in streams:, or plain types", ref("text"))
	g.defs["methods"] = listOf("methods such as [INVITE]", object{"type": "string", "pattern": `^[A-Z][A-Z0-9-]*$`})
}

// matchers makes the properties for words that are compared with matchers.
func matchers(words scenario.Words) object {
	properties := object{}
	for word, about := range words {
		properties[word] = described("matcher", about)
	}
	return properties
}
