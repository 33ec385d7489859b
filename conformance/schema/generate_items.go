package schema

import (
	"maps"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// items defines what is expected of a party: notifications and groups.
func (g *generator) items() {
	properties := g.itemKeys(true)
	names := []string{}
	for _, n := range g.notifications {
		g.defs[n.Name] = g.notification(n)
		properties[n.Name] = ref(n.Name)
		properties[n.Name+"!"] = ref(n.Name)
		names = append(names, n.Name, n.Name+"!")
	}
	g.groups(properties, "item")
	g.defs["item"] = anyOf("a notification, a group, or ... for anything",
		object{"const": "...", "description": "anything, until the next item matches"},
		object{"enum": names, "description": "a notification; with ! it has no other fields than those listed"},
		object{"type": "array", "items": ref("item"), "description": "a sequence of its own"},
		closed("a notification with its fields, or a group, with small keys beside it", properties))
	g.defs["items"] = object{"type": "array", "items": ref("item"),
		"description": "an exact sequence from the first notification not yet consumed; [] is exactly nothing"}
	g.defs["expect"] = object{"type": "object", "minProperties": 1, "description": "exact sequences of each party and of the wire",
		"properties":           object{"wire": described("wire", "all that was sent since the previous expect")},
		"propertyNames":        object{"pattern": scenario.SubjectPattern},
		"additionalProperties": ref("items"),
	}
}

// itemKeys are the small keys of items; of and has go with notifications.
func (g *generator) itemKeys(notifications bool) object {
	kinds := map[string]string{"as": "label", "at": "instant", "after": "instant", "before": "instant", "times": "times",
		"if": "condition", "of": "text", "has": "attributes"}
	properties := object{}
	for key, about := range g.language.Items {
		if notifications || key != "of" && key != "has" {
			properties[key] = described(kinds[key], about)
		}
	}
	return properties
}

// groups adds any_order and the like.
func (g *generator) groups(properties object, member string) {
	for group, about := range g.language.Groups {
		members := object{"type": "array", "minItems": 1, "items": ref(member), "description": about}
		if group == "optional" || group == "never" {
			properties[group] = anyOf(about, members, ref(member))
			continue
		}
		properties[group] = members
	}
}

// notification defines the fields of one.
func (g *generator) notification(n scenario.NotificationWord) object {
	properties := object{"timestamp": described("matcher", "when it was posted")}
	for _, f := range n.Fields {
		properties[f.Name] = g.field(f)
	}
	about := g.about[n.Name]
	if about == "" {
		about = n.Name
	}
	return object{"type": list{"object", "null"}, "properties": properties, "additionalProperties": false, "description": about}
}

// field defines what a field may be compared with.
func (g *generator) field(f scenario.FieldWord) object {
	text := "a " + f.Kind
	if f.Null {
		text += ", or null"
	}
	if f.Optional {
		text += "; not always there"
	}
	members := list{ref("pattern")}
	if f.Null {
		members = append(members, object{"type": "null"})
	}
	switch {
	case f.Values != nil:
		values := list{}
		for _, v := range f.Values {
			values = append(values, v)
			if v == "true" || v == "false" {
				values = append(values, v == "true")
			}
		}
		members = append(members, object{"enum": values})
	case f.Kind == "number":
		members = append(members, object{"type": "integer"})
	case f.Kind == "boolean":
		members = append(members, object{"type": "boolean"})
	case f.Kind == "list":
		members = append(members, object{"type": "array", "items": ref("matcher")})
	default:
		return described("matcher", text)
	}
	return anyOf(text, members...)
}

// wire defines messages and the lines of the ladder.
func (g *generator) wire() {
	const name = `^([A-Z][A-Z0-9-]*|[1-9][0-9][0-9]|[1-6]xx|\$[a-z_][a-z0-9_]*|\$\{[a-z_][a-z0-9_]*\}|any)( [A-Z][A-Z0-9-]*)?$`
	fields := matchers(g.language.OtherMessage)
	maps.Copy(fields, matchers(g.language.Message))
	fields["sdp"] = g.description()
	g.defs["messageFields"] = object{"type": list{"object", "null"}, "properties": fields,
		"patternProperties":    object{"^[A-Z]": described("matcher", "a header, compared as parsed"), `^\$`: ref("matcher")},
		"additionalProperties": false, "description": "fields of a message; a name with a capital is a header"}
	g.defs["message"] = anyOf("a method, a code, a code with its method, or one of them with fields",
		object{"type": "integer", "minimum": 100, "maximum": 999},
		object{"type": "string", "pattern": name, "examples": g.language.Methods},
		object{"type": "object", "minProperties": 1, "maxProperties": 1,
			"patternProperties": object{name: ref("messageFields")}, "additionalProperties": false,
			"description": "a message with its fields: {INVITE: {Subject: Tea}}"})
	properties := g.itemKeys(false)
	g.groups(properties, "line")
	g.defs["line"] = anyOf("a message such as alice > bob: INVITE, a group, or ... for anything",
		object{"const": "...", "description": "anything, until the next line matches"},
		object{"type": "array", "items": ref("line"), "description": "a sequence of its own"},
		object{"type": "object", "properties": properties, "additionalProperties": false,
			"description":       "SENDER > RECEIVER: MESSAGE; x> for one that is lost",
			"patternProperties": object{`^\S+ x?> \S+$`: ref("message")}})
	lines := object{"type": "array", "items": ref("line"), "description": "the messages in the order in which they left their senders"}
	kinds := map[string]object{"order": lines, "only": listOf(g.language.Wire["only"], ref("text")),
		"between": ref("text"), "protocol": object{"enum": g.language.Protocols}, "received": ref("text")}
	wire := object{}
	for key, about := range g.language.Wire {
		wire[key] = withText(kinds[key], about)
	}
	g.defs["wire"] = anyOf("what was sent since the previous expect", lines, closed("lines and filters", wire))
}

// withText is a schema with a description of its own.
func withText(schema object, text string) object {
	copied := object{"description": text}
	for key, value := range schema {
		if key != "description" {
			copied[key] = value
		}
	}
	return copied
}

// description defines what is expected of an SDP.
func (g *generator) description() object {
	line := anyOf("a line: its direction, alive, 0, absent, same, mirror, or its parts", object{"type": list{"string", "integer"}},
		closed("the parts of a line", matchers(g.language.Line)))
	return anyOf("the description: absent, any, or its lines by name",
		object{"enum": []string{"absent", "none", "any", "set", "identical"}},
		object{"type": "object", "properties": matchers(g.language.SDP), "additionalProperties": line,
			"propertyNames": object{"pattern": "^\\$?[a-z][a-z0-9_-]*$"}, "description": "lines by name, and lines, version, origin, address"})
}
