// Package iscomposing is the document of RFC 3994: somebody is writing a message, or no longer.
package iscomposing

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// ContentType is the media type of the document.
const ContentType = "application/im-iscomposing+xml"

// NS is the namespace of the document.
const NS = "urn:ietf:params:xml:ns:im-iscomposing"

// Limits of a document that comes in.
const (
	maxSize  = 16 << 10
	maxDepth = 8
	maxParts = 64 // elements
)

// Document is a composing indication.
type Document struct {
	Active      bool      // false: idle
	LastActive  time.Time // zero if there is none
	ContentType string    // of what is written, "" if it is not told
	Refresh     int       // seconds after which an active one is told again, 0 if it is not told
}

// State is "active" or "idle".
func (d *Document) State() string {
	if d.Active {
		return "active"
	}
	return "idle"
}

// Marshal writes the document.
func (d *Document) Marshal() []byte {
	var b bytes.Buffer
	element := func(name, text string) {
		if text != "" {
			b.WriteString("<" + name + ">")
			_ = xml.EscapeText(&b, []byte(text)) // writing to memory does not fail
			b.WriteString("</" + name + ">")
		}
	}
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<isComposing xmlns="` + NS + `">`)
	element("state", d.State())
	if !d.LastActive.IsZero() {
		element("lastactive", d.LastActive.UTC().Format("2006-01-02T15:04:05Z"))
	}
	element("contenttype", d.ContentType)
	if d.Refresh > 0 {
		element("refresh", strconv.Itoa(d.Refresh))
	}
	b.WriteString("</isComposing>")
	return b.Bytes()
}

var errDTD = errors.New("isComposing document: DTDs are refused")

// Parse reads a document. Any state but active is idle; elements that make no sense are skipped. There are no DTDs, and
// no more depth and size than such a document needs.
func Parse(data []byte) (*Document, error) {
	if len(data) > maxSize {
		return nil, errors.New("isComposing document is too large")
	}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	d := &Document{}
	var path []string
	var text strings.Builder
	for elements := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && elements > 0 {
			return d, nil
		}
		if err != nil {
			return nil, fmt.Errorf("isComposing document: %w", err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, errDTD
		case xml.StartElement:
			if elements++; len(path) >= maxDepth || elements > maxParts || len(path) == 0 && t.Name.Local != "isComposing" {
				return nil, errors.New("isComposing document: unexpected element")
			}
			path = append(path, t.Name.Local)
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if len(path) == 2 {
				d.take(path[1], strings.TrimSpace(text.String()))
			}
			path = path[:len(path)-1]
		}
	}
}

func (d *Document) take(name, text string) {
	switch name {
	case "state":
		d.Active = text == "active"
	case "lastactive":
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			d.LastActive = at
		}
	case "contenttype":
		d.ContentType = text
	case "refresh":
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			d.Refresh = n
		}
	}
}
