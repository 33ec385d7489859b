package sdp

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// ParseError tells why a body is no session description.
type ParseError struct {
	Line   string // the offending line, "" when one is missing
	Reason string
}

// Error names the line and the reason.
func (e *ParseError) Error() string {
	if e.Line == "" {
		return "invalid SDP: " + e.Reason
	}
	return fmt.Sprintf("invalid SDP: %s in line %q", e.Reason, e.Line)
}

// Parse reads a session description (RFC 8866 section 5). It insists on v=0,
// on an o= line, on lines of the form x=value and on m-lines with media, port
// and protocol; a body without these is a [*ParseError].
//
// All else is survived. Any line end, and none at the end of the body, and
// empty lines; lines out of order; a missing s= or t=. Unknown line letters and
// bandwidth types are ignored, as RFC 8866 section 5 wants it, and so are r=,
// z= and k=, which mean nothing in a call. Unknown media types and protocols
// are kept as they are. An m-line whose port is no port number becomes a line
// with port 0: it keeps its index and cannot be accepted.
func Parse(body []byte) (*sdp.SessionDescription, error) {
	if bytes.IndexByte(body, 0) >= 0 {
		return nil, &ParseError{Reason: "NUL octet"}
	}
	p := parser{desc: &sdp.SessionDescription{}}
	for line, rest := cutLine(string(body)); line != "" || rest != ""; line, rest = cutLine(rest) {
		if line == "" {
			continue
		}
		if err := p.line(line); err != nil {
			return nil, err
		}
	}
	return p.finish()
}

func cutLine(text string) (line, rest string) {
	i := strings.IndexAny(text, "\r\n")
	if i < 0 {
		return text, ""
	}
	return text[:i], text[i+1:]
}

// appendWords appends the words of a value, as strings.Fields does, to memory of
// the caller's.
func appendWords(words []string, value string) []string {
	for word := range strings.FieldsSeq(value) {
		words = append(words, word)
	}
	return words
}

// parser is the description so far. Lines belong to the last m-line, or to the
// session before the first one.
type parser struct {
	desc      *sdp.SessionDescription
	media     *sdp.MediaDescription
	hasOrigin bool
	started   bool
}

func (p *parser) line(line string) error {
	if len(line) < 2 || line[1] != '=' {
		return &ParseError{Line: line, Reason: "no type=value"}
	}
	key, value := line[0], line[2:]
	if !p.started && key != 'v' {
		return &ParseError{Line: line, Reason: "v=0 expected first"}
	}
	switch key {
	case 'v':
		return p.version(line, value)
	case 'o':
		return p.origin(line, value)
	case 'm':
		return p.mediaLine(line, value)
	case 'c':
		p.connection(value)
	case 'b':
		p.bandwidth(value)
	case 'a':
		p.attribute(value)
	case 'i':
		p.information(value)
	default:
		p.sessionLine(key, value)
	}
	return nil
}

func (p *parser) version(line, value string) error {
	if strings.TrimSpace(value) != "0" {
		return &ParseError{Line: line, Reason: "unknown version"}
	}
	p.started = true
	return nil
}

// origin takes the first o= line. An id that is no 64-bit number becomes the
// nearest one, or 0: nothing depends on the peer's numbers.
func (p *parser) origin(line, value string) error {
	if p.hasOrigin {
		return nil
	}
	var space [8]string
	fields := appendWords(space[:0], value)
	if len(fields) < 3 {
		return &ParseError{Line: line, Reason: "fields missing"}
	}
	defaults := [...]string{"", "", "", "IN", "IP4", "0.0.0.0"}
	fields = append(fields, defaults[min(len(fields), 6):]...)
	id, _ := strconv.ParseUint(fields[1], 10, 64)
	version, _ := strconv.ParseUint(fields[2], 10, 64)
	p.desc.Origin = sdp.Origin{
		Username: fields[0], SessionID: id, SessionVersion: version,
		NetworkType: fields[3], AddressType: fields[4], UnicastAddress: fields[5],
	}
	p.hasOrigin = true
	return nil
}

func (p *parser) mediaLine(line, value string) error {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return &ParseError{Line: line, Reason: "fields missing"}
	}
	p.media = &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media:   fields[0],
		Port:    parsePort(fields[1]),
		Protos:  strings.Split(fields[2], "/"),
		Formats: fields[3:],
	}}
	p.desc.MediaDescriptions = append(p.desc.MediaDescriptions, p.media)
	return nil
}

// parsePort reads "port" or "port/count"; whatever is neither is port 0.
func parsePort(text string) sdp.RangedPort {
	number, count, ranged := strings.Cut(text, "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return sdp.RangedPort{}
	}
	result := sdp.RangedPort{Value: int(port)}
	if !ranged {
		return result
	}
	if n, err := strconv.ParseUint(count, 10, 16); err == nil && n > 0 {
		r := int(n)
		result.Range = &r
	}
	return result
}

// connection takes the first c= line of its section. More than one is legal
// only for multicast layers, which a call has no use for.
func (p *parser) connection(value string) {
	var space [4]string
	fields := appendWords(space[:0], value)
	if len(fields) < 2 {
		return
	}
	var c *sdp.ConnectionInformation
	if len(fields) > 2 {
		c = newConnection(fields[0], fields[1], sdp.Address{Address: fields[2]})
	} else {
		c = &sdp.ConnectionInformation{NetworkType: fields[0], AddressType: fields[1]}
	}
	switch {
	case p.media == nil && p.desc.ConnectionInformation == nil:
		p.desc.ConnectionInformation = c
	case p.media != nil && p.media.ConnectionInformation == nil:
		p.media.ConnectionInformation = c
	}
}

func (p *parser) bandwidth(value string) {
	kind, number, _ := strings.Cut(value, ":")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return
	}
	b := sdp.Bandwidth{Type: kind, Bandwidth: n}
	if rest, ok := strings.CutPrefix(kind, "X-"); ok {
		b.Type, b.Experimental = rest, true
	} else if !knownBandwidth(kind) {
		return
	}
	if p.media == nil {
		p.desc.Bandwidth = append(p.desc.Bandwidth, b)
	} else {
		p.media.Bandwidth = append(p.media.Bandwidth, b)
	}
}

// knownBandwidth knows RFC 8866 section 5.8, RFC 3890 and RFC 3556.
func knownBandwidth(kind string) bool {
	switch kind {
	case "CT", "AS", "TIAS", "RS", "RR":
		return true
	}
	return false
}

func (p *parser) attribute(value string) {
	key, val, _ := strings.Cut(value, ":")
	if key == "" {
		return
	}
	a := sdp.Attribute{Key: key, Value: val}
	if p.media == nil {
		p.desc.Attributes = append(p.desc.Attributes, a)
	} else {
		p.media.Attributes = append(p.media.Attributes, a)
	}
}

func (p *parser) information(value string) {
	info := sdp.Information(value)
	if p.media == nil {
		p.desc.SessionInformation = &info
	} else {
		p.media.MediaTitle = &info
	}
}

// sessionLine takes the lines that exist at session level only, wherever they
// stand, and ignores unknown ones.
func (p *parser) sessionLine(key byte, value string) {
	switch key {
	case 's':
		p.desc.SessionName = sdp.SessionName(value)
	case 'u':
		// Kept only if writing it gives the same text again.
		if u, err := url.Parse(value); err == nil && u.String() == value {
			p.desc.URI = u
		}
	case 'e':
		e := sdp.EmailAddress(value)
		p.desc.EmailAddress = &e
	case 'p':
		n := sdp.PhoneNumber(value)
		p.desc.PhoneNumber = &n
	case 't':
		p.timing(value)
	}
}

func (p *parser) timing(value string) {
	var space [4]string
	fields := appendWords(space[:0], value)
	if len(fields) < 2 {
		return
	}
	start, err1 := strconv.ParseUint(fields[0], 10, 64)
	stop, err2 := strconv.ParseUint(fields[1], 10, 64)
	if err1 != nil || err2 != nil {
		return
	}
	p.desc.TimeDescriptions = append(p.desc.TimeDescriptions,
		sdp.TimeDescription{Timing: sdp.Timing{StartTime: start, StopTime: stop}})
}

// finish supplies what RFC 8866 requires and RFC 2543 did not.
func (p *parser) finish() (*sdp.SessionDescription, error) {
	if !p.started {
		return nil, &ParseError{Reason: "no v= line"}
	}
	if !p.hasOrigin {
		return nil, &ParseError{Reason: "no o= line"}
	}
	if p.desc.SessionName == "" {
		p.desc.SessionName = "-"
	}
	if len(p.desc.TimeDescriptions) == 0 {
		p.desc.TimeDescriptions = []sdp.TimeDescription{{}}
	}
	return p.desc, nil
}
