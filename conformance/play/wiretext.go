package play

import (
	"bytes"
	"fmt"
	"strings"
)

// sipText is what the rules look at in a message.
type sipText struct {
	data       []byte
	method     string // of a request
	code       int    // of a response
	callID     string
	fromTag    string
	toTag      string
	branch     string
	cseq       uint32
	cseqMethod string
	length     int
	has        map[string]bool // of the headers that form looks for
	body       []byte
	copy       bool // its branch was there before
}

// call names the INVITE that a message belongs to.
func (m *sipText) call() string { return fmt.Sprint(m.callID, " ", m.fromTag, " ", m.cseq) }

// text is the first line, with the number.
func (m *sipText) text() string {
	line, _, _ := bytes.Cut(m.data, []byte("\r\n"))
	return fmt.Sprintf("%s (CSeq %d %s)", line[:min(len(line), mostOfALine)], m.cseq, m.cseqMethod)
}

// origin is session id and version of the description, if there is one.
func (m *sipText) origin() (string, bool) {
	for line := range bytes.SplitSeq(m.body, []byte("\r\n")) {
		if words := bytes.Fields(line); bytes.HasPrefix(line, []byte("o=")) && len(words) > 2 {
			return string(words[1]) + " " + string(words[2]), true
		}
	}
	return "", false
}

// lines is the number of m-lines.
func (m *sipText) lines() int { return bytes.Count(m.body, []byte("\r\nm=")) }

// readSIP reads a message. It is a fraction of the work of a parser, which every run can afford.
func readSIP(data []byte) (sipText, bool) {
	head, body, ok := bytes.Cut(data, []byte("\r\n\r\n"))
	if !ok {
		return sipText{}, false
	}
	m := sipText{data: data, body: body, has: map[string]bool{}}
	first, rest, _ := bytes.Cut(head, []byte("\r\n"))
	words := strings.Fields(string(first))
	switch {
	case len(words) >= 2 && words[0] == "SIP/2.0":
		if _, err := fmt.Sscan(words[1], &m.code); err != nil {
			return sipText{}, false
		}
	case len(words) == 3 && words[2] == "SIP/2.0":
		m.method = words[0]
	default:
		return sipText{}, false
	}
	for line := range bytes.SplitSeq(rest, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		m.header(strings.ToLower(string(bytes.TrimSpace(name))), string(bytes.TrimSpace(value)))
	}
	return m, true
}

func (m *sipText) header(name, value string) {
	switch name {
	case "call-id", "i":
		m.callID = value
	case "from", "f":
		m.fromTag = parameter(value, "tag")
	case "to", "t":
		m.toTag = parameter(value, "tag")
	case "via", "v":
		if m.branch == "" {
			m.branch = parameter(value, "branch")
		}
	case "cseq":
		_, _ = fmt.Sscan(value, &m.cseq, &m.cseqMethod) // form looks at what is missing
	case "content-length", "l":
		_, _ = fmt.Sscan(value, &m.length)
	case "max-forwards", "allow", "user-agent", "server":
		m.has[name] = true
	case "contact", "m":
		m.has["contact"] = true
	case "supported", "k":
		m.has["supported"] = true
	}
}

// parameter is one of a header, after its address.
func parameter(value, name string) string {
	if i := strings.LastIndexByte(value, '>'); i >= 0 {
		value = value[i:]
	}
	_, after, ok := strings.Cut(value, ";"+name+"=")
	if !ok {
		return ""
	}
	end := strings.IndexAny(after, ";, \t")
	if end < 0 {
		return after
	}
	return after[:end]
}
