package wirefields

import (
	"slices"
	"strconv"
	"strings"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// SDP is a session description as a scenario sees it. Its parts are its
// m-lines by name ([Line]), and
//
//	lines      their number
//	version    of the o= line
//	origin     the o= line without id and version
//	address    of the c= line
//	same       whether it is what its sender said before, the o= line apart
//	mirror     whether it answers the other side's line by line, directions reversed
//
// A line's name is the one that the tracker was told for its place, else a
// stream name or a type: `audio` is the first audio line, `audio2` the second.
type SDP struct {
	Description *psdp.SessionDescription
	previous    *psdp.SessionDescription // the sender's one before, or nil
	offer       *psdp.SessionDescription // the other side's last one, or nil
	names       []string                 // by index, "" where unknown
	types       map[string]string        // stream name to stream type
}

// Part is one of the parts above, [match.Absent] if it is not there.
func (s SDP) Part(name string) any {
	switch name {
	case "lines":
		return len(s.Description.MediaDescriptions)
	case "version":
		return s.Description.Origin.SessionVersion
	case "origin":
		o := s.Description.Origin
		return strings.Join([]string{o.Username, o.NetworkType, o.AddressType, o.UnicastAddress}, " ")
	case "address":
		if addr, ok := sdp.SessionAddress(s.Description); ok {
			return addr.String()
		}
		return match.Absent{}
	case "same":
		return s.previous != nil && sdp.Same(s.Description, s.previous)
	case "mirror":
		return s.mirrors()
	}
	if i := s.Index(name); i >= 0 {
		return s.line(i)
	}
	return match.Absent{}
}

func (s SDP) mirrors() bool {
	lines := s.Description.MediaDescriptions
	if s.offer == nil || len(s.offer.MediaDescriptions) != len(lines) {
		return false
	}
	for i := range lines {
		if !s.line(i).mirror {
			return false
		}
	}
	return true
}

// Index is the place of the line with that name, -1 if there is none.
func (s SDP) Index(name string) int {
	if i := slices.Index(s.names, name); i >= 0 {
		if i < len(s.Description.MediaDescriptions) {
			return i
		}
		return -1
	}
	kind, nth := s.typeOf(name)
	for i, m := range s.Description.MediaDescriptions {
		if i < len(s.names) && s.names[i] != "" || StreamType(m) != kind && m.MediaName.Media != kind {
			continue
		}
		if nth--; nth == 0 {
			return i
		}
	}
	return -1
}

// typeOf reads "audio2" as the second of type audio, and a stream name as the
// so-manieth of its type among the names in alphabetical order that the tracker
// has not been told the places of.
func (s SDP) typeOf(name string) (kind string, nth int) {
	if kind, ok := s.types[name]; ok {
		for other, t := range s.types {
			if t == kind && other <= name && !slices.Contains(s.names, other) {
				nth++
			}
		}
		return kind, nth
	}
	kind = strings.TrimRight(name, "0123456789")
	nth, err := strconv.Atoi(name[len(kind):])
	if err != nil {
		return name, 1
	}
	return kind, nth
}

// StreamType is the type of stream that an m-line stands for: audio, chat,
// file-transfer, desktop-sharing, else its media type.
func StreamType(m *psdp.MediaDescription) string {
	switch m.MediaName.Media {
	case "message":
		if _, ok := m.Attribute("file-selector"); ok {
			return "file-transfer"
		}
		return "chat"
	case "application":
		if types, _ := m.Attribute("accept-types"); strings.Contains(types, "application/x-rfb") {
			return "desktop-sharing"
		}
	}
	return m.MediaName.Media
}

// String is the lines as a ladder shows them: "audio sendonly, message 0".
func (s SDP) String() string {
	var texts []string
	for i, m := range s.Description.MediaDescriptions {
		texts = append(texts, m.MediaName.Media+" "+s.line(i).word())
	}
	return strings.Join(texts, ", ")
}

// line is the one at an index.
func (s SDP) line(i int) Line {
	l := Line{Media: s.Description.MediaDescriptions[i], session: s.Description}
	if s.previous != nil && i < len(s.previous.MediaDescriptions) {
		l.same = sdp.SameLine(l.Media, s.previous.MediaDescriptions[i])
	}
	if s.offer != nil && i < len(s.offer.MediaDescriptions) {
		l.mirror = l.mirrors(s.offer.MediaDescriptions[i], s.offer)
	}
	return l
}

// Line is one m-line. It goes by the words that are true of it: its direction
// and `alive`, or `0` when its port is 0; `same`, `mirror`. Its parts are
//
//	alive, same, mirror   true or false
//	direction             of a line that is alive
//	port, address, media, protocol, formats, attributes
//	codecs                those that a call could consist of, by name
//	candidates            types of the ICE candidates (RFC 5245 section 15.1)
type Line struct {
	Media        *psdp.MediaDescription
	session      *psdp.SessionDescription
	same, mirror bool
}

// word is the direction, or 0.
func (l Line) word() string {
	if !sdp.Alive(l.Media) {
		return "0"
	}
	return sdp.Direction(l.Media, l.session).String()
}

// Names lists the words that are true of the line.
func (l Line) Names() []string {
	names := []string{l.word()}
	if sdp.Alive(l.Media) {
		names = append(names, "alive")
	}
	if l.same {
		names = append(names, "same")
	}
	if l.mirror {
		names = append(names, "mirror")
	}
	return names
}

// mirrors tells whether the line is the offer's reversed: dead as the offer's
// is, or with the direction that the offer's has from the other end.
func (l Line) mirrors(offer *psdp.MediaDescription, session *psdp.SessionDescription) bool {
	if sdp.Alive(l.Media) != sdp.Alive(offer) {
		return false
	}
	return !sdp.Alive(offer) || sdp.Direction(l.Media, l.session) == sdp.Reverse(sdp.Direction(offer, session))
}

// Part is one of the parts above, [match.Absent] if it is not there.
func (l Line) Part(name string) any {
	m := l.Media
	switch name {
	case "alive":
		return sdp.Alive(m)
	case "same":
		return l.same
	case "mirror":
		return l.mirror
	case "direction":
		if sdp.Alive(m) {
			return sdp.Direction(m, l.session).String()
		}
	case "port":
		return m.MediaName.Port.Value
	case "address":
		if addr, ok := sdp.Address(m, l.session); ok {
			return addr.String()
		}
	case "media":
		return m.MediaName.Media
	case "protocol":
		return sdp.Protocol(m)
	case "formats":
		return slices.Clone(m.MediaName.Formats)
	case "codecs":
		return codecs(m)
	case "candidates":
		return candidates(m)
	case "attributes":
		list := make([]string, len(m.Attributes))
		for i, a := range m.Attributes {
			list[i] = a.String()
		}
		return list
	}
	return match.Absent{}
}

// candidates are the types of the a=candidate lines, "" where there is none.
func candidates(m *psdp.MediaDescription) []string {
	list := []string{}
	for _, a := range m.Attributes {
		if a.Key != "candidate" {
			continue
		}
		_, rest, _ := strings.Cut(a.Value, " typ ")
		kind, _, _ := strings.Cut(rest, " ")
		list = append(list, kind)
	}
	return list
}

// codec goes by "opus", "opus/48000" and its full name.
type codec struct{ sdp.Codec }

func (c codec) Names() []string {
	return []string{c.String(), c.Name, c.Name + "/" + strconv.Itoa(c.Rate)}
}

func codecs(m *psdp.MediaDescription) []any {
	list := []any{}
	for _, c := range sdp.Codecs(m) {
		if !c.Auxiliary() {
			list = append(list, codec{c})
		}
	}
	return list
}
