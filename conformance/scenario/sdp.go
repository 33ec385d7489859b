package scenario

import (
	"regexp"
	"slices"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// sentSDP reads the `sdp` of a message to send: none, same, answer, or a map
// of lines (*SDPSpec).
func (c *compiler) sentSDP(n *node) any {
	if n.isScalar() {
		return c.word(n, []string{"none", "same", "answer"})
	}
	spec := &SDPSpec{}
	for _, p := range c.dict(n, "none, same, answer, or a map of lines such as {audio: sendrecv}") {
		switch p.key.text {
		case "address":
			spec.Address = c.sentText(p.value)
		case "origin":
			spec.Origin = c.sentText(p.value)
		case "lines", "version":
			c.r.at(p.key, "%s is only for descriptions that are received", quote(p.key.text))
		default:
			spec.Lines = append(spec.Lines, c.sentLine(p))
		}
	}
	return spec
}

var sentLineWords = append([]string{"alive", "0", "same", "mirror"}, directions...)

func (c *compiler) sentLine(p pair) SDPLine {
	line := SDPLine{Name: p.key.text}
	if p.value.isScalar() {
		line.Value = c.word(p.value, sentLineWords)
		c.namedLine(p.key)
		return line
	}
	for _, f := range c.dict(p.value, "a direction, alive, 0, same, mirror, or a map of its parts") {
		switch f.key.text {
		case "direction":
			line.Direction = c.word(f.value, directions)
		case "port":
			line.Port = c.text(f.value, "a port")
		case "address":
			line.Address = c.sentText(f.value)
		case "codecs":
			line.Codecs = c.texts(f.value, "a list of codecs")
		case "protocol":
			line.Protocol = c.text(f.value, "a protocol such as RTP/AVP")
		case "formats":
			line.Formats = c.texts(f.value, "a list of formats")
		case "media":
			line.Media = c.text(f.value, "a media type")
		case "candidates":
			c.r.at(f.key, "%s is only for descriptions that are received", quote(f.key.text))
		case "attributes":
			line.Attributes = c.texts(f.value, "a list of attributes")
		default:
			c.r.at(f.key, "unknown part %s of a line%s", quote(f.key.text), hint(f.key.text, lineFields))
		}
	}
	if line.Media == "" {
		c.namedLine(p.key)
	}
	return line
}

// namedLine checks the name of a line that says nothing of its media type.
func (c *compiler) namedLine(key *node) {
	if plainStream.MatchString(key.text) {
		return // signalling of a stream that is not built is fine
	}
	c.knownStream(key, key.text)
}

// seenSDP compiles what is expected of a description: absent, any, or a map of
// its lines by name and of lines, version, origin, address.
func (c *compiler) seenSDP(n *node) match.Matcher {
	if n.isScalar() {
		switch n.plain() {
		case "none":
			return c.matcher(textNode(n.pos, "absent"))
		case "absent", "any", "set", "identical":
			return c.matcher(n)
		}
		c.r.at(n, "expected absent, any, or a map of lines such as {audio: sendrecv}; found %s", n.what())
		return match.Any
	}
	m := match.Map{}
	for _, p := range c.dict(n, "absent, any, or a map of lines such as {audio: sendrecv}") {
		switch {
		case p.value.null:
			c.noValue(p.key)
		case slices.Contains(sdpFields, p.key.text):
			m[p.key.text] = c.matcher(p.value)
		default:
			m[p.key.text] = c.seenLine(p)
		}
	}
	return m
}

var streamishName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// seenLine compiles what is expected of an m-line: one of the words that it
// goes by (its direction, alive, 0, same, mirror), or a map of its parts.
func (c *compiler) seenLine(p pair) match.Matcher {
	if !streamishName.MatchString(p.key.text) {
		c.r.at(p.key, "%s is neither a line nor one of lines, version, origin, address", quote(p.key.text))
	}
	if p.value.get("media") == nil {
		c.namedLine(p.key)
	}
	if p.value.isDict() {
		c.knownKeys(p.value.pairs, "part of a line", lineFields)
	} else {
		c.directionWord(p.value)
	}
	return c.matcher(p.value)
}

var plainWord = regexp.MustCompile(`^[a-z0-9_-]+$`)

// directionWord reports a misspelt direction; other matchers pass.
func (c *compiler) directionWord(n *node) {
	known := append([]string{"alive", "0", "same", "mirror"}, directions...)
	if text := n.plain(); plainWord.MatchString(text) && !slices.Contains(known, text) && !slices.Contains(matcherWords, text) {
		c.r.at(n, "unknown direction %s%s", quote(text), hint(text, known))
	}
}
