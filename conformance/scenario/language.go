package scenario

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Language is the vocabulary of scenario files, for tools such as the schema:
// what is built, not what is only reserved.
type Language struct {
	TopLevel, Party, Stream, Settings, Account Words
	Calls, Scripts, StreamScripts              []CallWord
	SmallKeys, Verbs, Network, Extras          Words
	NetworkKeys                                map[string][]string // keys that may stand beside a network verb
	Items, Groups, Wire, Message, SDP, Line    Words
	Sound, Session, PartyState, StreamState    Words               // measures; attributes of sessions, parties, streams
	Device                                     Words               // keys of a sound device
	ServerState, OtherMessage, File            Words               // attributes of servers; fields of DNS, STUN and MSRP messages; parts of a file
	Knobs                                      map[string][]string // values; nil = a time

	StreamTypes, Worlds, Methods, Directions, Errors, SessionStates, StreamStates, Watch []string

	NATs, Servers, Certificates, Authorities, AnswerFields, Protocols []string
}

// Words are words and what each means.
type Words map[string]string

// CallWord is a call or a script verb.
type CallWord struct {
	Name, About string
	Argument    string // none, whom, code, streams, stream, text; of a script receive, respond, request, send
	Optional    bool   // the argument may be left out
	Params      []string
	Stream      bool // on a stream
}

// Describe returns the language as it is built.
func Describe() Language {
	l := Language{
		TopLevel: built("key", topLevel), Party: built("party key", party), Stream: built("stream key", streamWords),
		Settings: Words(withSettings(setting, GeneralSettings)), Account: built("account key", withSettings(accountWords, AccountSettings)), SmallKeys: Words(smallKeys),
		Verbs: Words(otherVerbs), Network: Words{}, Extras: Words(extraAbout), NetworkKeys: map[string][]string{},
		Items: Words(itemWords), Groups: Words(groupWords), Wire: Words(wireWords), Message: Words(messageWords),
		SDP: Words(sdpWords), Line: Words(lineWords), Sound: built("sentence", soundWords), Session: Words(sessionWords), Device: Words(deviceWords),
		ServerState: Words(serverWords), OtherMessage: otherMessages(), File: Words(fileKeys), PartyState: built("attribute", partyWords), StreamState: built("attribute", streamAttributeWords),
		Knobs: map[string][]string{"latency": nil}, StreamTypes: streamTypes, Worlds: worlds, Methods: methods,
		Directions: directions, Errors: errorWords, SessionStates: sessionStates, StreamStates: streamStates,
	}
	for name, keys := range networkVerbs {
		if !isNotBuilt("verb", name) {
			l.NetworkKeys[name] = keys
		}
	}
	maps.Copy(l.Network, networkAbout)
	for knob, values := range knobValues {
		if !isNotBuilt("knob", knob) {
			l.Knobs[knob] = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return isNotBuilt(knob, v) })
		}
	}
	l.NATs, l.Certificates, l.Authorities, l.AnswerFields = natKinds, certificates, authorities, answerKeys
	l.Protocols = slices.DeleteFunc(slices.Clone(protocols), func(p string) bool { return isNotBuilt("protocol", p) })
	l.Servers = slices.DeleteFunc(slices.Clone(serverKinds), func(kind string) bool { return isNotBuilt("server", kind) })
	for word := range watchWords {
		if !isNotBuilt("watch", word) {
			l.Watch = append(l.Watch, word)
		}
	}
	slices.Sort(l.Watch)
	l.Calls, l.Scripts, l.StreamScripts = builtCalls(), scriptWords(scripts), scriptWords(streamScripts)
	return l
}

func built(kind string, all keywords) Words {
	words := Words{}
	for word, about := range all {
		if !isNotBuilt(kind, word) {
			words[word] = about
		}
	}
	return words
}

func builtCalls() []CallWord {
	arguments := map[argument]string{noArgument: "none", whomArgument: "whom", codeArgument: "code",
		streamsArgument: "streams", streamArgument: "stream", textArgument: "text", mapArgument: "map"}
	var list []CallWord
	for _, name := range names(calls) {
		if spec := calls[name]; !isNotBuilt("call", name) {
			list = append(list, CallWord{Name: name, About: spec.about, Argument: arguments[spec.arg],
				Optional: spec.optional, Params: spec.params, Stream: spec.stream})
		}
	}
	return list
}

func otherMessages() Words {
	words := Words{}
	maps.Copy(words, otherWords)
	maps.Copy(words, msrpWords)
	return words
}

func scriptWords(scripts map[string]scriptSpec) []CallWord {
	var list []CallWord
	for _, name := range names(scripts) {
		if !isNotBuilt("script", name) {
			list = append(list, CallWord{Name: name, About: scripts[name].about, Argument: name, Params: scripts[name].params})
		}
	}
	return list
}

// NotificationWord describes one notification.
type NotificationWord struct {
	Name   string
	Fields []FieldWord
}

// FieldWord describes a field of a notification.
type FieldWord struct {
	Name     string
	Values   []string // the only ones; nil = open
	Null     bool     // may be null
	Optional bool     // may be absent
	Kind     string   // text, number, boolean, list
}

// Notifications describes every notification of the middleware, by name.
func Notifications() []NotificationWord {
	c := newCatalogue(nil)
	var list []NotificationWord
	for _, name := range c.names {
		word := NotificationWord{Name: name}
		for _, f := range c.fields[name] {
			kind := map[string]string{"int": "number", "bool": "boolean", "slice": "list"}[f.Type.Kind().String()]
			if kind == "" || f.Name == "ack_received" || f.Type == reflect.TypeFor[[]byte]() {
				kind = "text"
			}
			values := fieldWords[f.Name]
			if f.Name == "ack_received" {
				values = []string{"true", "false", "unknown"}
			}
			word.Fields = append(word.Fields, FieldWord{Name: f.Name, Values: values, Null: f.Null, Optional: f.Omit, Kind: kind})
		}
		list = append(list, word)
	}
	return list
}

// MatcherPattern is the grammar of a matcher that is no plain text, as a
// regular expression for editors.
const MatcherPattern = `^(/.*/|[^ ]* ?\.\. ?[^ ]*|[1-6]xx|any|set|null|absent|identical|not .+|.+ \| .+|let \$[a-z_][a-z0-9_]*|\$[a-z_][a-z0-9_]*( [+-] [0-9.]+)?|(dialog|contact) of .+|.*\$\{.+\}.*)$`

// TimePattern is what a time looks like.
const TimePattern = `^([0-9]+(\.[0-9]+)? ?(ms|s|m|h)|\$[a-z_][a-z0-9_]*)$`

// SubjectPattern is what a subject looks like.
var SubjectPattern = strings.ReplaceAll(`^NAME(#NAME(\.NAME)?)?(/[a-z$_][a-z0-9_-]*)?(, ?NAME(#NAME(\.NAME)?)?(/[a-z$_][a-z0-9_-]*)?)*$`,
	"NAME", `\$?[a-z_][a-z0-9_]*`)
