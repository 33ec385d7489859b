package xcap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Document names one document of a user, or with Global one of all users (RFC
// 4825 section 6.2).
type Document struct {
	Application string // AUID: "pres-rules", "resource-lists", "xcap-caps" …
	Name        string // "index" unless said
	Global      bool
}

// Capabilities is the document that tells what a server can do (RFC 4825 section
// 12.1). It is never kept.
var Capabilities = Document{Application: "xcap-caps", Name: "index", Global: true}

// String is the document selector without the user.
func (d Document) String() string {
	tree := "users"
	if d.Global {
		tree = "global"
	}
	return d.Application + "/" + tree + "/" + d.name()
}

func (d Document) name() string {
	if d.Name == "" {
		return "index"
	}
	return d.Name
}

// path is the document selector below the root.
func (d Document) path(user string) (string, error) {
	for _, part := range []string{d.Application, d.name(), user} {
		if part == "" || part == "." || part == ".." || strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", fmt.Errorf("%q is no part of the name of a document", part)
		}
	}
	parts := []string{url.PathEscape(d.Application), "users", url.PathEscape(user), url.PathEscape(d.name())}
	if d.Global {
		parts = []string{parts[0], "global", parts[3]}
	}
	return strings.Join(parts, "/"), nil
}

// stored is the name of the document in a storage, "" for one that is not kept
// (application.md 3.3).
func (d Document) stored() string {
	switch {
	case d == Capabilities:
		return ""
	case d.name() == "index" && !d.Global:
		return d.Application
	}
	return d.String()
}

// Content is a document with its entity tag.
type Content struct {
	ETag string // as the server writes it, quotes included; "" if it told none
	Type string // media type; "" of one that comes from the storage
	Data []byte
}

// encode is the form in a storage: entity tag, line break, document.
func (c Content) encode() []byte { return append([]byte(c.ETag+"\n"), c.Data...) }

// decode reads that form; ok is false for anything else.
func decode(data []byte) (c Content, ok bool) {
	tag, body, found := bytes.Cut(data, []byte("\n"))
	if !found || len(tag) == 0 || checkXML(body) != nil {
		return Content{}, false
	}
	return Content{ETag: string(tag), Data: body}, true
}

// ErrNotXML says that a document is not well-formed XML.
var ErrNotXML = errors.New("not well-formed XML")

// maxDepth bounds the nesting of elements.
const maxDepth = 200

// checkXML reads a document to its end (RFC 4825 section 8.2.5).
func checkXML(data []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	depth, elements := 0, 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotXML, err)
		}
		switch token.(type) {
		case xml.StartElement:
			if depth == 0 && elements > 0 {
				return fmt.Errorf("%w: there is more than one root element", ErrNotXML)
			}
			depth++
			elements++
		case xml.EndElement:
			depth--
		}
		if depth > maxDepth {
			return fmt.Errorf("%w: more than %d elements in each other", ErrNotXML, maxDepth)
		}
	}
	if elements == 0 {
		return fmt.Errorf("%w: there is no element", ErrNotXML)
	}
	return nil
}
