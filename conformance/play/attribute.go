package play

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// attribute reads an attribute of a stream, of a session or of the party, in
// this order, by its seed name. A path goes into maps: recording.duration.
func (p *party) attribute(s *session, st *stream, path string) (any, error) {
	name, rest, nested := strings.Cut(path, ".")
	v, ok := p.attributeNamed(s, st, path)
	if !ok && nested {
		if v, ok = p.attributeNamed(s, st, name); ok {
			return inner(v, rest), nil
		}
	}
	if !ok {
		return nil, fmt.Errorf("%s has no attribute %s", p.subject(s, st), path)
	}
	return v, nil
}

func inner(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		if value, ok := v[name]; ok {
			return value
		}
	case match.Parts:
		return v.Part(name)
	}
	return match.Absent{}
}

func (p *party) attributeNamed(s *session, st *stream, name string) (any, bool) {
	if st != nil {
		if name == "received" {
			return st.received()
		}
		if v, ok := p.vncAttribute(st, name); ok {
			return v, true
		}
		if v, ok := streamAttribute(st, name); ok {
			return p.value(v, s), true
		}
	}
	if s != nil {
		if v, ok := s.session.Attribute(name); ok {
			return p.value(v, s), true
		}
	}
	if p.server != nil {
		return p.server.attribute(name)
	}
	if slices.Contains(storedAttributes, name) {
		return p.storedAttribute(name)
	}
	if slices.Contains(soundAttributes, name) && p.app != nil {
		return p.soundAttribute(name), true
	}
	switch {
	case name == "running":
		return p.app != nil && p.app.Running(), true
	case name == "sessions" && p.app != nil:
		return sessionList(p.activeSessions()), true
	case name == "sessions":
		return sessionList(nil), true
	}
	return nil, false
}

// sessionList is the sessions of a party: a list of their names, and a number.
type sessionList []any

// Names implements [match.Named]: the number.
func (l sessionList) Names() []string { return []string{fmt.Sprint(len(l))} }

func (p *party) activeSessions() []any {
	list := []any{}
	for _, s := range p.app.SessionManager().Sessions() {
		list = append(list, sessionName{p.sessionOf(s)})
	}
	return list
}

// streamAttribute reads an attribute that every stream has, or one that this
// kind of stream tells by name.
func streamAttribute(st *stream, name string) (any, bool) {
	s := st.stream
	switch name {
	case "recording":
		return st.recording()
	case "recording_filename":
		return st.recordingFilename()
	case "type":
		return s.Type(), true
	case "index":
		return s.Index(), true
	case "hold_supported":
		return s.HoldSupported(), true
	case "on_hold":
		return s.OnHold(), true
	case "on_hold_by_local":
		return s.OnHoldByLocal(), true
	case "on_hold_by_remote":
		return s.OnHoldByRemote(), true
	}
	if named, ok := s.(interface{ Attribute(string) (any, bool) }); ok {
		return named.Attribute(name)
	}
	return nil, false
}

func (p *party) subject(s *session, st *stream) string {
	switch {
	case st != nil:
		return p.def.Name + "/" + st.Names()[0]
	case s != nil:
		return p.def.Name + "#" + sessionName{s}.Names()[0]
	}
	return p.def.Name
}
