// Package cpim is the message format of RFC 3862, message/cpim: what chat messages are wrapped in when they carry who
// they are from, when they were written, and extension headers.
package cpim

import (
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ContentType is the media type of the format.
const ContentType = "message/cpim"

// Limits of what a message may hold.
const (
	maxHeaders = 64
	maxHeader  = 8 << 10
)

// ParseError says why octets are no CPIM message.
type ParseError struct{ Reason string }

// Error is the reason.
func (e *ParseError) Error() string { return "CPIM message: " + e.Reason }

// Subject is a subject in a language; Language is empty for the default one.
type Subject struct{ Language, Text string }

// Header is an extension header. Namespace is the URI that its prefix stands for.
type Header struct{ Namespace, Name, Value string }

// Message is a CPIM message.
type Message struct {
	From        Identity // zero if there is none
	To, CC      []Identity
	Subjects    []Subject
	DateTime    time.Time // zero if there is none
	Required    []string
	Headers     []Header // of namespaces
	ContentType string   // of the body, with parameters
	MIME        []Header // further MIME headers of the body, without namespace
	Body        []byte
}

// Append writes the message behind b, with CRLF everywhere.
func (m *Message) Append(b []byte) []byte {
	add := func(name, value string) { b = append(append(append(append(b, name...), ": "...), value...), "\r\n"...) }
	if m.From != (Identity{}) {
		add("From", m.From.String())
	}
	for _, id := range m.To {
		add("To", id.String())
	}
	for _, id := range m.CC {
		add("cc", id.String())
	}
	for _, s := range m.Subjects {
		if s.Language == "" {
			add("Subject", escape(s.Text))
		} else {
			b = append(b, "Subject:;lang="+s.Language+" "+escape(s.Text)+"\r\n"...)
		}
	}
	if !m.DateTime.IsZero() {
		add("DateTime", m.DateTime.Format("2006-01-02T15:04:05-07:00"))
	}
	if len(m.Required) > 0 {
		add("Required", escape(strings.Join(m.Required, ",")))
	}
	prefixes := map[string]string{}
	for _, h := range m.Headers {
		prefix, ok := prefixes[h.Namespace]
		if !ok {
			prefix = fmt.Sprintf("ns%d", len(prefixes)+1)
			prefixes[h.Namespace] = prefix
			add("NS", prefix+" <"+h.Namespace+">")
		}
		add(prefix+"."+h.Name, escape(h.Value))
	}
	b = append(b, "\r\n"...)
	add("Content-Type", m.ContentType)
	for _, h := range m.MIME {
		add(h.Name, h.Value)
	}
	return append(append(b, "\r\n"...), m.Body...)
}

// Parse reads a message. Lines may end with CRLF or with a bare LF. Headers with an unknown prefix or a value that makes
// no sense are skipped; an error is a *[ParseError].
func Parse(data []byte) (*Message, error) {
	m := &Message{}
	namespaces := map[string]string{}
	rest, err := eachLine(data, func(line string) {
		name, value, ok := strings.Cut(line, ":")
		if ok {
			m.take(name, value, namespaces)
		}
	})
	if err != nil {
		return nil, err
	}
	body, err := eachLine(rest, func(line string) {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch name = strings.TrimSpace(name); {
		case !ok:
		case strings.EqualFold(name, "Content-Type"):
			m.ContentType = value
		default:
			m.MIME = append(m.MIME, Header{Name: name, Value: value})
		}
	})
	if err != nil {
		return nil, err
	}
	if m.ContentType == "" {
		m.ContentType = "text/plain" // RFC 2045 section 5.2
	}
	m.Body = slices.Clone(body)
	return m, nil
}

// eachLine reads up to the empty line and returns what follows.
func eachLine(data []byte, take func(string)) ([]byte, error) {
	for n := 0; ; n++ {
		end := slices.Index(data, '\n')
		switch {
		case end < 0:
			return nil, &ParseError{"no empty line after the headers"}
		case end > maxHeader:
			return nil, &ParseError{"header too long"}
		case n > maxHeaders:
			return nil, &ParseError{"too many headers"}
		}
		line := strings.TrimSuffix(string(data[:end]), "\r")
		data = data[end+1:]
		if line == "" {
			return data, nil
		}
		if !utf8.ValidString(line) {
			return nil, &ParseError{"header is not UTF-8"}
		}
		take(line)
	}
}

// take reads one header.
func (m *Message) take(name, value string, namespaces map[string]string) {
	text := strings.TrimPrefix(value, " ")
	switch name {
	case "From":
		if id, err := ParseIdentity(text); err == nil {
			m.From = id
		}
	case "To", "cc":
		id, err := ParseIdentity(text)
		if err != nil {
			return
		}
		if name == "To" {
			m.To = append(m.To, id)
		} else {
			m.CC = append(m.CC, id)
		}
	case "Subject":
		m.takeSubject(value)
	case "DateTime":
		if at, err := time.Parse(time.RFC3339, strings.TrimSpace(text)); err == nil {
			m.DateTime = at
		}
	case "Required", "Require": // the seed's, and that of RFC 3862 section 4.7
		for _, word := range strings.Split(unescape(text), ",") {
			m.Required = append(m.Required, strings.TrimSpace(word))
		}
	case "NS":
		takeNamespace(text, namespaces)
	default:
		prefix, local, ok := strings.Cut(name, ".")
		if uri, known := namespaces[prefix]; ok && known {
			m.Headers = append(m.Headers, Header{uri, local, unescape(text)})
		}
	}
}

func (m *Message) takeSubject(value string) {
	language := ""
	if tagged, ok := strings.CutPrefix(value, ";lang="); ok {
		language, value, _ = strings.Cut(tagged, " ")
	} else {
		value = strings.TrimPrefix(value, " ")
	}
	m.Subjects = append(m.Subjects, Subject{language, unescape(value)})
}

// takeNamespace reads NS: prefix <uri>. Without a prefix it is for names without one, which we do not have.
func takeNamespace(text string, namespaces map[string]string) {
	prefix, uri, ok := strings.Cut(text, "<")
	uri, _, closed := strings.Cut(uri, ">")
	if prefix = strings.TrimSpace(prefix); ok && closed && prefix != "" {
		namespaces[prefix] = uri
	}
}

// Text is the body as text: in the charset of its Content-Type, UTF-8 without one. The error says that the octets are
// not in that charset, or that we do not know it.
func (m *Message) Text() (string, error) {
	_, params, err := mime.ParseMediaType(m.ContentType)
	charset := strings.ToLower(params["charset"])
	if err != nil {
		charset = ""
	}
	switch charset {
	case "", "utf-8", "us-ascii":
		if !utf8.Valid(m.Body) {
			return "", errors.New("text is not UTF-8")
		}
		return string(m.Body), nil
	case "iso-8859-1":
		runes := make([]rune, len(m.Body))
		for i, c := range m.Body {
			runes[i] = rune(c)
		}
		return string(runes), nil
	}
	return "", fmt.Errorf("charset %.40q is not supported", charset)
}
