package scenario

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// This file reads what is about MSRP: its messages, files of file transfers, and
// what a scripted party does with the connection of an m-line.

var msrpMethods = []string{"SEND", "REPORT", "AUTH"}

// msrpFields checks the fields of a message: as in SIP a name with a capital is
// a header.
func (c *compiler) msrpFields(fields []pair, known []string) {
	for _, f := range fields {
		name := f.key.text
		if name == "" || name[0] >= 'A' && name[0] <= 'Z' || slices.Contains(known, name) {
			continue
		}
		c.r.at(f.key, "unknown field of an msrp message %s%s; a header begins with a capital", quote(name), hint(name, known))
	}
}

// streamScripts are what a scripted party does with the MSRP connection of an
// m-line: p/c: {request: SEND}.
var streamScripts = map[string]scriptSpec{
	"receive": {about: "waits for a message of MSRP; its fields as in wire with protocol: msrp"},
	"respond": {params: []string{"reason", "headers", "to"}, about: "answers the last request without an answer"},
	"request": {params: []string{"headers", "body", "size", "type", "flag", "tid"},
		about: "sends a request of MSRP; headers replace what the script writes by itself"},
	"send":    {about: "sends the bytes of a file as they are"},
	"connect": {about: "connects to where the peer listens; the first request does so by itself"},
	"close":   {about: "closes the connection properly"},
	"reset":   {about: "breaks the connection off"},
	"pause":   {about: "stops reading from the connection"},
	"resume":  {about: "reads on"},
}

// streamScript reads one message of a scripted party on an MSRP connection.
func (c *compiler) streamScript(step *Step, s Subject, p pair) Verb {
	v := &Script{Party: s.Party, Dialog: s.Session, Stream: s.Stream, Params: map[string]any{}}
	if p.value.isScalar() {
		if v.Name = p.value.text; !slices.Contains([]string{"connect", "close", "reset", "pause", "resume"}, v.Name) {
			c.r.at(p.value, "expected connect, close, reset, pause, resume, or a message such as {receive: SEND}; found %s%s",
				p.value.what(), didYouMean(v.Name, names(streamScripts)))
			return nil
		}
		return v
	}
	pairs := c.dict(p.value, "a message such as {receive: SEND} or {respond: 200}")
	i := slices.IndexFunc(pairs, func(k pair) bool { return streamScripts[k.key.text].about != "" })
	if i < 0 {
		if len(pairs) > 0 {
			c.r.at(pairs[0].key, "%s is scripted; expected receive, respond, request or send, found %s%s", s.Party,
				quote(pairs[0].key.text), didYouMean(pairs[0].key.text, names(streamScripts)))
		}
		return nil
	}
	v.Name = pairs[i].key.text
	if pairs[i].value.null {
		c.r.at(pairs[i].key, "%s has no value", quote(v.Name))
		return nil
	}
	c.streamScriptValue(v, pairs[i].value)
	for _, k := range pairs {
		switch {
		case k.key == pairs[i].key:
		case smallKeys[k.key.text] != "":
			c.r.at(k.key, "%s stands beside the verb, not inside its value", quote(k.key.text))
		case !slices.Contains(streamScripts[v.Name].params, k.key.text):
			c.noParameter(v.Name, k, streamScripts[v.Name].params)
		case k.key.text == "size":
			v.Params["size"] = strconv.Itoa(c.size(k.value))
		case k.key.text == "flag":
			v.Params["flag"] = c.word(k.value, []string{"$", "+", "#"})
		default:
			c.scriptParameter(v, k)
		}
	}
	return v
}

func (c *compiler) streamScriptValue(v *Script, n *node) {
	switch v.Name {
	case "receive":
		item := c.otherMessage("msrp", n)
		item.Pos, item.Source = n.pos, n.String()
		v.Receive = &item
	case "respond":
		v.Arg = c.text(n, "a response code such as 200")
		if code, err := strconv.Atoi(v.Arg); v.Arg != "" && (err != nil || code < 1 || code > 999) {
			c.r.at(n, "%s is no response code such as 200", quote(v.Arg))
		}
	case "request":
		if v.Arg = c.text(n, "a method such as SEND"); v.Arg != "" && !methodForm.MatchString(v.Arg) {
			c.r.at(n, "%s is no method such as SEND%s", quote(v.Arg), didYouMean(v.Arg, msrpMethods))
		}
	case "send":
		v.Arg = c.fileToSend(n)
	default:
		c.r.at(n, "%s has no value: write it alone", quote(v.Name))
	}
}

// fileKeys are the parts of a file.
var fileKeys = keywords{
	"content": "random 1MB, or the name of a file beside this one",
	"name":    "its name, as it is told", "type": "its media type", "size": "another size than the right one, or none",
	"hash": "good (unless said), wrong, none, or the text itself",
}

// file reads the file of a transfer: random SIZE, a name, or a map.
func (c *compiler) file(n *node) *File {
	f := &File{}
	if !n.isDict() {
		c.content(f, n)
		return f
	}
	c.knownKeys(n.pairs, "key of a file", names(fileKeys))
	for _, p := range n.pairs {
		if p.value.null {
			c.r.at(p.key, "%s has no value", quote(p.key.text))
			continue
		}
		switch p.key.text {
		case "content":
			c.content(f, p.value)
		case "name":
			f.Name = c.text(p.value, "a name")
		case "type":
			f.Type = c.text(p.value, "a media type such as text/plain")
		case "size":
			if f.Announce = c.text(p.value, "a number of octets, or none"); f.Announce != "none" {
				f.Announce = strconv.FormatInt(c.octetCount(p.value), 10)
			}
		case "hash":
			f.Hash = c.text(p.value, "good, wrong, none or a hash")
		}
	}
	if n.get("content") == nil {
		c.r.at(n, "a file needs content: random 1MB, or the name of a file")
	}
	return f
}

// content reads where the octets come from.
func (c *compiler) content(f *File, n *node) {
	text := c.text(n, "random 1MB, or the name of a file")
	size, random := strings.CutPrefix(text, "random ")
	if f.Random = random; random {
		if f.Size = c.octetCount(textNode(n.pos, size)); f.Size > 1e9 {
			c.r.at(n, "%s is too much for a file: expected 1GB or less", size)
		}
		return
	}
	if f.Path = c.fileToSend(n); f.Name == "" {
		f.Name = path.Base(f.Path)
	}
}

// octetCount reads a number with B, kB, MB or GB.
func (c *compiler) octetCount(n *node) int64 {
	text := c.text(n, "a size such as 1MB")
	for _, unit := range []struct {
		name   string
		factor int64
	}{{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1}} {
		number, ok := strings.CutSuffix(text, unit.name)
		if count, err := strconv.ParseUint(strings.TrimSpace(number), 10, 40); ok && err == nil {
			return int64(count) * unit.factor
		}
	}
	if text != "" {
		c.r.at(n, "%s is no size such as 0B, 500kB, 1MB or 1GB", quote(text))
	}
	return 0
}
