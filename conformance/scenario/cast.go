package scenario

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
)

var partyName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// reservedNames cannot be names of parties.
var reservedNames = []string{"any", "all", "wire", "nobody", "nowhere", "start", "dns"}

// cast reads streams and parties.
func (c *compiler) cast(root *node) {
	c.result.Streams = map[string]*StreamDef{}
	if n := root.get("streams"); n != nil {
		c.result.Streams = c.readStreams(n, nil)
	}
	n := root.get("parties")
	switch {
	case n == nil:
	case n.isList():
		for _, item := range n.items {
			if name := c.text(item, "the name of a party"); name != "" {
				c.addParty(item, nil)
			}
		}
	default:
		for _, p := range c.dict(n, "a list of names, or a map such as {alice: {plays: 440 Hz}}") {
			c.addParty(p.key, p.value)
		}
	}
	if n != nil && len(c.result.Parties) == 0 && n.kind != scalarNode {
		c.r.at(n, "nobody takes part: parties is empty")
	}
	c.zone(root)
	c.mentions(n)
}

// addParty reads one participant. Its name is known while its keys are read.
func (c *compiler) addParty(key, value *node) {
	p := &Party{Pos: key.pos, Name: key.text}
	switch {
	case c.party(p.Name) != nil:
		c.r.at(key, "the party %s is there already", quote(p.Name))
		return
	case slices.Contains(reservedNames, p.Name) || verbs()[p.Name]:
		c.r.at(key, "%s is a word of the language and cannot be a party", quote(p.Name))
	case !partyName.MatchString(p.Name):
		c.r.at(key, "%s is no name for a party: small letters, digits and _", quote(p.Name))
	}
	c.result.Parties = append(c.result.Parties, p)
	if value == nil || value.null {
		return
	}
	for _, k := range c.dict(value, "a map of party keys, or {}") {
		if !c.serverKey(p, value, k) {
			c.partyKey(p, k)
		}
	}
	c.checkServer(p, key, value)
	if p.Scripted && (p.Settings != nil || p.Account != nil || p.Accounts != nil || p.Plays != nil || p.PlaysWAV != "" || p.Watch != nil || p.Devices != nil) {
		c.r.at(key, "%s is scripted: it has no settings, account, watch or sound", quote(p.Name))
	}
	if !p.Scripted && (p.Auto != nil || p.Ignore != nil) {
		c.r.at(key, "auto and ignore are for scripted parties; %s is not one", quote(p.Name))
	}
}

func (c *compiler) partyKey(p *Party, k pair) {
	switch key, value := k.key.text, k.value; key {
	case "plays":
		if isWave(value) {
			p.PlaysWAV = c.waveToPlay(value)
		} else {
			p.Plays = c.tones(value)
		}
	case "watch":
		p.Watch = c.readWatch(value)
	case "start":
		p.Manual = c.word(value, []string{"auto", "manual"}) == "manual"
	case "settings":
		p.Settings = c.settings(value, "setting", settingKeys, generalObject)
	case "account":
		p.Account = c.settings(value, "account key", accountKeys, accountObject)
	case "accounts":
		p.Accounts = map[string]Settings{}
		for _, a := range c.dict(value, "a map of accounts by name") {
			p.Accounts[a.key.text] = c.settings(a.value, "account key", accountKeys, accountObject)
		}
	case "streams":
		p.Streams = c.readStreams(value, c.result.Streams)
	case "host":
		p.Host = c.address(value)
	case "roams":
		p.Roams = c.bool(value)
	case "nat":
		if p.NAT = c.word(value, natKinds); p.NAT == "none" {
			p.NAT = ""
		}
	case "storage":
		p.Storage = c.storage(value)
	case "devices":
		p.Devices = c.devices(value)
	case "tls":
		p.TLS = c.tls(value)
	case "scripted":
		p.Scripted = c.bool(value)
	case "auto":
		p.Auto = c.methodList(value)
	case "ignore":
		p.Ignore = c.methodList(value)
	default:
		if !c.r.refused(k.key, "party key", key) {
			c.r.at(k.key, "unknown party key %s%s", quote(key), hint(key, partyKeys))
		}
	}
}

// tones reads "440 Hz", silence, or a list of tones.
func (c *compiler) tones(n *node) []float64 {
	if n.isList() {
		var tones []float64
		for _, item := range n.items {
			tones = append(tones, c.tones(item)...)
		}
		return tones
	}
	text := c.text(n, "a tone such as 440 Hz, or silence")
	if text == "" || text == "silence" {
		return nil
	}
	number, hasUnit := strings.CutSuffix(text, "Hz")
	hz, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !hasUnit || !(hz >= 20 && hz <= 20000) {
		c.r.at(n, "%s is no tone: expected 20 Hz to 20000 Hz, such as 440 Hz, or silence", quote(text))
		return nil
	}
	return []float64{hz}
}

func (c *compiler) settings(n *node, kind string, known []string, object *configuration.Object) Settings {
	settings := Settings{}
	pairs := c.dict(n, "a map of dotted paths and values")
	c.knownKeys(pairs, kind, known)
	for _, p := range pairs {
		switch {
		case p.value.isList():
			settings[p.key.text] = strings.Join(c.texts(p.value, "a list of words"), ",")
		case p.value.null:
			c.r.at(p.key, "%s has no value; null is written out", quote(p.key.text))
			continue
		default:
			settings[p.key.text] = c.text(p.value, "a value")
		}
		c.checkSetting(object, p.key.text, p.value, settings[p.key.text])
	}
	return settings
}

func (c *compiler) methodList(n *node) []string {
	list := c.list(n, "a list of methods such as [NOTIFY]")
	found := []string{}
	for _, item := range list {
		found = append(found, c.method(item))
	}
	return found
}

// party finds a party by name.
func (c *compiler) party(name string) *Party {
	for _, p := range c.result.Parties {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func (c *compiler) partyNames() []string {
	var list []string
	for _, p := range c.result.Parties {
		list = append(list, p.Name)
	}
	return list
}

func (c *compiler) useParty(name string) { c.flow.parties[name] = true }

// knownParty reports an unknown party and notes a known one as used.
func (c *compiler) knownParty(n *node, name string) bool {
	if len(c.result.Parties) == 0 {
		return false // which has been said once
	}
	if c.party(name) == nil {
		c.r.inside(n, name, "unknown party %s%s", quote(name), hint(name, c.partyNames()))
		return false
	}
	c.useParty(name)
	return true
}

// readStreams reads named streams; base holds those that a party's own ones
// may differ from.
func (c *compiler) readStreams(n *node, base map[string]*StreamDef) map[string]*StreamDef {
	defs := map[string]*StreamDef{}
	for _, p := range c.dict(n, "a map such as {a: audio, c: {type: chat, double: true}}") {
		def := &StreamDef{Name: p.key.text}
		if base != nil {
			if base[def.Name] == nil {
				c.r.at(p.key, "the file has no stream %s that could behave differently here%s", quote(def.Name),
					didYouMean(def.Name, names(base)))
				continue
			}
			*def = *base[def.Name]
		} else if !partyName.MatchString(def.Name) {
			c.r.at(p.key, "%s is no name for a stream: small letters, digits and _", quote(def.Name))
		}
		c.readStream(def, p.value)
		c.checkStreamType(p, def)
		defs[def.Name] = def
	}
	return defs
}

// streamTypes are those of the middleware, and those of Options.
func (c *compiler) streamTypes() []string {
	types := slices.Clone(streamTypes)
	for _, t := range c.l.opts.Streams {
		types = append(types, t.Type)
	}
	return types
}

func (c *compiler) readStream(def *StreamDef, n *node) {
	if n.isScalar() {
		def.Type = c.word(n, c.streamTypes())
		return
	}
	for _, p := range c.dict(n, "a type such as audio, or a map of stream keys") {
		switch value := p.value; p.key.text {
		case "type":
			def.Type = c.word(value, c.streamTypes())
		case "double":
			def.Double = c.double(value)
		case "hold":
			hold := c.bool(value)
			def.Hold = &hold
		case "direction":
			def.Direction = c.word(value, directions)
		case "file":
			def.File = c.file(value)
		case "role":
			def.Role = c.word(value, []string{"viewer", "server"})
		case "program":
			def.Program = c.word(value, []string{"running", "absent"})
		case "codecs":
			def.Codecs = c.texts(value, "a list of codecs such as [PCMU]")
		default:
			if !c.r.refused(p.key, "stream key", p.key.text) {
				c.r.at(p.key, "unknown stream key %s%s", quote(p.key.text), hint(p.key.text, streamKeys))
			}
		}
	}
}

func (c *compiler) checkStreamType(p pair, def *StreamDef) {
	where := p.value
	if where.isDict() {
		where = p.key
	}
	switch {
	case def.Type == "":
		if p.value.get("type") == nil && !p.value.isScalar() {
			c.r.at(p.key, "the stream %s has no type", quote(def.Name))
		}
	case def.File != nil && def.Type != "file-transfer":
		c.r.at(p.key, "a stream of type %s has no file", def.Type)
	case def.Role != "" && def.Type != "desktop-sharing":
		c.r.at(p.key, "a stream of type %s has no role", def.Type)
	case def.Program != "" && def.Type != "desktop-sharing":
		c.r.at(p.key, "a stream of type %s has no program", def.Type)
	case def.Double == nil && isNotBuilt("stream type", def.Type):
		c.r.at(where, "stream type %s: not built yet, but for a double: {type: %s, double: true}", quote(def.Type), def.Type)
	}
}

// double reads true, a time, never, {fail: TEXT, after: TIME}, or a map with
// one of these for initialize and start.
func (c *compiler) double(n *node) *Double {
	d := &Double{}
	if n.isDict() && (n.get("initialize") != nil || n.get("start") != nil) {
		for _, p := range n.pairs {
			switch p.key.text {
			case "initialize":
				d.Initialize = c.outcome(p.value)
			case "start":
				d.Start = c.outcome(p.value)
			default:
				c.r.at(p.key, "unknown key %s of a double; expected initialize, start", quote(p.key.text))
			}
		}
		return d
	}
	if text := n.plain(); text != "true" {
		c.r.at(n, "expected true, or a map with initialize and start; found %s", n.what())
	}
	return d
}

func (c *compiler) outcome(n *node) Outcome {
	if n.isDict() {
		o := Outcome{}
		for _, p := range n.pairs {
			switch p.key.text {
			case "fail":
				o.Fail = c.text(p.value, "the reason, in words")
			case "after":
				o.After = c.time(p.value)
			default:
				c.r.at(p.key, "unknown key %s; expected fail, after", quote(p.key.text))
			}
		}
		return o
	}
	switch n.plain() {
	case "true":
		return Outcome{}
	case "never":
		return Outcome{Never: true}
	}
	return Outcome{After: c.time(n)}
}

var plainStream = regexp.MustCompile(`^(audio|chat|file-transfer|desktop-sharing)([2-9]|1[0-9])?$`)

// knownStream reports a name that is neither in streams: nor a plain type.
func (c *compiler) knownStream(n *node, name string) {
	if c.result.Streams[name] != nil {
		return
	}
	if m := plainStream.FindStringSubmatch(name); m != nil {
		c.r.refused(n, "stream type", m[1])
		return
	}
	c.r.inside(n, name, "unknown stream %s%s", quote(name), didYouMean(name, append(names(c.result.Streams), streamTypes...)))
}

// streamNames reads a list of streams; never nil.
func (c *compiler) streamNames(n *node) []string {
	list := []string{}
	for _, item := range c.list(n, "a list of streams such as [audio]") {
		if name := c.text(item, "a stream"); name != "" {
			c.knownStream(item, name)
			list = append(list, name)
		}
	}
	return list
}
