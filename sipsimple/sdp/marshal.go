package sdp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
)

// Marshal writes a session description with CRLF at the end of each line.
func Marshal(d *sdp.SessionDescription) []byte {
	body, err := d.Marshal()
	if err != nil {
		// pion declares an error and has no way to make one.
		panic(fmt.Sprintf("sdp: marshal: %v", err))
	}
	return body
}

// Clone returns a deep copy; nil for nil.
func Clone(d *sdp.SessionDescription) *sdp.SessionDescription {
	if d == nil {
		return nil
	}
	c := *d
	c.ConnectionInformation = cloneConnection(d.ConnectionInformation)
	c.Bandwidth = slices.Clone(d.Bandwidth)
	c.Attributes = slices.Clone(d.Attributes)
	c.TimeDescriptions = slices.Clone(d.TimeDescriptions)
	c.MediaDescriptions = make([]*sdp.MediaDescription, len(d.MediaDescriptions))
	for i, m := range d.MediaDescriptions {
		c.MediaDescriptions[i] = CloneLine(m)
	}
	return &c
}

// CloneLine returns a deep copy of one media description; nil for nil.
func CloneLine(m *sdp.MediaDescription) *sdp.MediaDescription {
	if m == nil {
		return nil
	}
	c := *m
	c.MediaName.Protos, c.MediaName.Formats = cloneWords(m.MediaName.Protos, m.MediaName.Formats)
	c.ConnectionInformation = cloneConnection(m.ConnectionInformation)
	c.Bandwidth = slices.Clone(m.Bandwidth)
	c.Attributes = slices.Clone(m.Attributes)
	return &c
}

// cloneWords copies two lists to one array.
func cloneWords(a, b []string) ([]string, []string) {
	n := len(a)
	both := slices.Concat(a, b)
	return both[:n:n], both[n:]
}

func cloneConnection(c *sdp.ConnectionInformation) *sdp.ConnectionInformation {
	if c == nil {
		return nil
	}
	if c.Address == nil {
		copied := *c
		return &copied
	}
	return newConnection(c.NetworkType, c.AddressType, *c.Address)
}

// Same tells whether two descriptions say the same, their o= lines apart: the
// later one is then a mere refresh (RFC 3264 section 8).
func Same(a, b *sdp.SessionDescription) bool {
	x, y := *a, *b
	x.Origin, y.Origin = sdp.Origin{}, sdp.Origin{}
	return string(Marshal(&x)) == string(Marshal(&y))
}

// SameLine tells whether two media descriptions say the same.
func SameLine(a, b *sdp.MediaDescription) bool {
	wrap := func(m *sdp.MediaDescription) *sdp.SessionDescription {
		return &sdp.SessionDescription{MediaDescriptions: []*sdp.MediaDescription{m}}
	}
	return Same(wrap(a), wrap(b))
}

// SameMedia tells whether two descriptions say the same about the media at an
// index that both have: in its m-line and for all of the session.
func SameMedia(a, b *sdp.SessionDescription, index int) bool {
	x, y := *a, *b
	x.MediaDescriptions, y.MediaDescriptions = a.MediaDescriptions[index:index+1], b.MediaDescriptions[index:index+1]
	return Same(&x, &y)
}

// printable keeps a text from ending its line early.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}
