package conferenceinfo

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of a document.
const (
	maxSize     = 64 << 10
	maxDepth    = 32
	maxElements = 4096
)

// element is one element of a document, and what is in it.
type element struct {
	name       string            // of an element of the namespace; "" of any other
	attributes map[string]string // nil without any
	text       strings.Builder
	children   []*element
}

// read makes a tree of a document within the bounds.
func read(data []byte) (*element, error) {
	switch {
	case len(data) > maxSize:
		return nil, fmt.Errorf("a document of %d octets is too large", len(data))
	case !utf8.Valid(data):
		return nil, errors.New("not UTF-8")
	}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	var root *element
	var open []*element
	count := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, errors.New("a document type definition is not allowed")
		case xml.StartElement:
			if count++; count > maxElements || len(open) >= maxDepth {
				return nil, errors.New("too many elements")
			}
			e := newElement(token)
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, e)
			case root != nil:
				return nil, errors.New("more than one document")
			default:
				root = e
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(token)
			}
		}
	}
	if root == nil {
		return nil, errors.New("no document")
	}
	return root, nil
}

func newElement(token xml.StartElement) *element {
	e := &element{}
	if token.Name.Space == Namespace {
		e.name = token.Name.Local
	}
	for _, a := range token.Attr {
		if a.Name.Space == "" {
			if e.attributes == nil {
				e.attributes = map[string]string{}
			}
			e.attributes[a.Name.Local] = strings.TrimSpace(a.Value)
		}
	}
	return e
}

// child is the first child of that name, nil without one. Its methods may be
// called on nil.
func (e *element) child(name string) *element {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// all are the children of that name.
func (e *element) all(name string) []*element {
	if e == nil {
		return nil
	}
	var list []*element
	for _, c := range e.children {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

// value is the text of a child.
func (e *element) value(name string) string { return e.child(name).content() }

func (e *element) content() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.text.String())
}

func (e *element) attribute(name string) string {
	if e == nil {
		return ""
	}
	return e.attributes[name]
}

// state is the attribute of that name.
func (e *element) state() State {
	switch s := State(e.attribute("state")); s {
	case Partial, Deleted:
		return s
	}
	return Full
}
