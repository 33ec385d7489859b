package sdp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Codec is one format of an RTP m-line.
type Codec struct {
	Format   string // as in the m-line: a payload type number
	Name     string // encoding name; "Unknown" for an unmapped dynamic number
	Rate     int    // RTP clock in Hz; 0 for an unknown one
	Channels int    // at least 1
	Params   string // value of a=fmtp, without the format
}

// String is "PCMU/8000", with "/2" and so on for more than one channel.
func (c Codec) String() string {
	s := c.Name + "/" + strconv.Itoa(c.Rate)
	if c.Channels > 1 {
		s += "/" + strconv.Itoa(c.Channels)
	}
	return s
}

// Is compares with a codec as settings name it: "PCMU", "speex/16000",
// "opus/48000/2". Names compare without case; a name without a rate matches
// any rate, and one without channels any number of them.
func (c Codec) Is(name string) bool {
	name, clock, rated := strings.Cut(name, "/")
	rate, channels, counted := strings.Cut(clock, "/")
	channels, _, _ = strings.Cut(channels, "/")
	return strings.EqualFold(c.Name, name) &&
		(!rated || rate == strconv.Itoa(c.Rate)) && (!counted || channels == strconv.Itoa(c.Channels))
}

// Equal tells whether two codecs are the same whatever their numbers: name,
// rate and channels. Unknown ones equal nothing.
func (c Codec) Equal(other Codec) bool {
	return c.Rate != 0 && c.Rate == other.Rate && c.Channels == other.Channels && strings.EqualFold(c.Name, other.Name)
}

// Auxiliary tells whether the format is no codec that a call could consist of:
// DTMF events (RFC 4733) and comfort noise (RFC 3389).
func (c Codec) Auxiliary() bool {
	return strings.EqualFold(c.Name, "telephone-event") || strings.EqualFold(c.Name, "CN")
}

// staticPayloads is RFC 3551 section 6, tables 4 and 5.
var staticPayloads = map[string]Codec{
	"0":  {Name: "PCMU", Rate: 8000, Channels: 1},
	"3":  {Name: "GSM", Rate: 8000, Channels: 1},
	"4":  {Name: "G723", Rate: 8000, Channels: 1},
	"5":  {Name: "DVI4", Rate: 8000, Channels: 1},
	"6":  {Name: "DVI4", Rate: 16000, Channels: 1},
	"7":  {Name: "LPC", Rate: 8000, Channels: 1},
	"8":  {Name: "PCMA", Rate: 8000, Channels: 1},
	"9":  {Name: "G722", Rate: 8000, Channels: 1},
	"10": {Name: "L16", Rate: 44100, Channels: 2},
	"11": {Name: "L16", Rate: 44100, Channels: 1},
	"12": {Name: "QCELP", Rate: 8000, Channels: 1},
	"13": {Name: "CN", Rate: 8000, Channels: 1},
	"14": {Name: "MPA", Rate: 90000, Channels: 1},
	"15": {Name: "G728", Rate: 8000, Channels: 1},
	"16": {Name: "DVI4", Rate: 11025, Channels: 1},
	"17": {Name: "DVI4", Rate: 22050, Channels: 1},
	"18": {Name: "G729", Rate: 8000, Channels: 1},
	"26": {Name: "JPEG", Rate: 90000, Channels: 1},
	"31": {Name: "H261", Rate: 90000, Channels: 1},
	"32": {Name: "MPV", Rate: 90000, Channels: 1},
	"34": {Name: "H263", Rate: 90000, Channels: 1},
}

// Codecs lists the formats of an m-line in its order: the static payload types,
// overridden by a=rtpmap, with the parameters of a=fmtp.
func Codecs(m *sdp.MediaDescription) []Codec {
	return appendCodecs(make([]Codec, 0, len(m.MediaName.Formats)), m)
}

// fewCodecs is space for the codecs of most m-lines, where they are looked at
// only.
type fewCodecs [6]Codec

func appendCodecs(codecs []Codec, m *sdp.MediaDescription) []Codec {
	for _, format := range m.MediaName.Formats {
		c, ok := parseRTPMap(formatAttribute(m, "rtpmap", format))
		if !ok {
			c, ok = staticPayloads[format]
		}
		if !ok {
			c = Codec{Name: "Unknown", Channels: 1}
		}
		c.Format, c.Params = format, formatAttribute(m, "fmtp", format)
		codecs = append(codecs, c)
	}
	return codecs
}

// formatAttribute is the value for a format in the attribute lines of that name;
// the first line of the format counts. "" without one.
func formatAttribute(m *sdp.MediaDescription, name, format string) string {
	for _, a := range m.Attributes {
		if a.Key != name {
			continue
		}
		if of, value, _ := strings.Cut(strings.TrimSpace(a.Value), " "); of == format {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// parseRTPMap reads "opus/48000/2" (RFC 8866 section 6.6).
func parseRTPMap(value string) (Codec, bool) {
	name, clock, ok := strings.Cut(value, "/")
	if !ok {
		return Codec{}, false
	}
	clock, channels, _ := strings.Cut(clock, "/")
	rate, err := strconv.Atoi(clock)
	if err != nil || rate <= 0 {
		return Codec{}, false
	}
	c := Codec{Name: name, Rate: rate, Channels: 1}
	if channels == "" {
		return c, true
	}
	channels, _, _ = strings.Cut(channels, "/")
	if n, err := strconv.Atoi(channels); err == nil && n > 0 {
		c.Channels = n
	}
	return c, true
}

// IsRTP tells whether the formats of the m-line are RTP payload types.
func IsRTP(m *sdp.MediaDescription) bool {
	return slices.Contains(m.MediaName.Protos, "RTP")
}

// Protocol is the protocol of the m-line as written, "RTP/AVP".
func Protocol(m *sdp.MediaDescription) string { return strings.Join(m.MediaName.Protos, "/") }

// HasCommonCodec tells whether two RTP m-lines share a codec; DTMF and comfort
// noise alone do not make a call. For other protocols it compares formats,
// "*" being any.
func HasCommonCodec(a, b *sdp.MediaDescription) bool {
	var space [2]fewCodecs
	return haveCommon(a, b, appendCodecs(space[0][:0], a), appendCodecs(space[1][:0], b))
}

// haveCommon is HasCommonCodec for lines whose codecs are known.
func haveCommon(a, b *sdp.MediaDescription, codecsA, codecsB []Codec) bool {
	if !IsRTP(a) || !IsRTP(b) {
		return commonFormat(a.MediaName.Formats, b.MediaName.Formats)
	}
	return slices.ContainsFunc(codecsA, func(c Codec) bool {
		return !c.Auxiliary() && slices.ContainsFunc(codecsB, c.Equal)
	})
}

func commonFormat(a, b []string) bool {
	if len(a) == 0 && len(b) == 0 || slices.Contains(a, "*") || slices.Contains(b, "*") {
		return true
	}
	return slices.ContainsFunc(a, func(f string) bool { return slices.Contains(b, f) })
}
