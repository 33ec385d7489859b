package sdp

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
)

// AnswerLine is the answer to one offered m-line (RFC 3264 section 6.1) from
// what we could do: local is a whole media description of ours, with all our
// formats and the direction we wish, or nil if the line is refused.
//
// The answer has one codec, the first of the offer's order that we have too,
// and the DTMF events if both have them, under the offer's numbers; its
// direction is ours limited to the offer's. Without a common codec, and when
// media or protocol differ, it is [RefusedLine]. An answer answered again stays
// as it is. The session of the offer may be nil.
func AnswerLine(offer *sdp.MediaDescription, session *sdp.SessionDescription,
	local *sdp.MediaDescription) *sdp.MediaDescription {
	if local == nil || !compatible(offer, local) {
		return RefusedLine(offer)
	}
	answer := CloneLine(local)
	if !IsRTP(offer) {
		return answer
	}
	keep := make(map[string]string)
	var order []string
	ours := Codecs(local)
	for _, theirs := range answerCodecs(offer, ours) {
		keep[ourFormat(ours, theirs)] = theirs.Format
		order = append(order, theirs.Format)
	}
	renumber(answer, keep)
	answer.MediaName.Formats = order
	SetDirection(answer, Intersect(Direction(local, nil), PeerDirection(offer, session)))
	return answer
}

// compatible tells whether two m-lines can make one stream.
func compatible(a, b *sdp.MediaDescription) bool {
	return Alive(a) && Alive(b) && a.MediaName.Media == b.MediaName.Media &&
		strings.EqualFold(Protocol(a), Protocol(b)) && HasCommonCodec(a, b)
}

// answerCodecs picks from the offer: the first common codec and the first
// common telephone-event, rather one on the clock of the codec (RFC 4733 section
// 2.1).
func answerCodecs(offer *sdp.MediaDescription, ours []Codec) []Codec {
	var codec, events []Codec
	for _, c := range Codecs(offer) {
		switch {
		case !slices.ContainsFunc(ours, c.Equal):
		case !c.Auxiliary() && codec == nil:
			codec = []Codec{c}
		case c.Is("telephone-event"):
			events = append(events, c)
		}
	}
	if len(events) > 1 && codec != nil {
		at := slices.IndexFunc(events, func(e Codec) bool { return e.Rate == codec[0].Rate })
		events = events[max(at, 0):]
	}
	return append(codec, events[:min(1, len(events))]...)
}

// ourFormat is the number among codecs of ours for one of the peer.
func ourFormat(ours []Codec, theirs Codec) string {
	for _, c := range ours {
		if c.Equal(theirs) {
			return c.Format
		}
	}
	return ""
}

// renumber reduces the line to the formats that are keys of keep and gives them
// the numbers there. Attributes of other formats go.
func renumber(m *sdp.MediaDescription, keep map[string]string) {
	var formats []string
	for _, f := range m.MediaName.Formats {
		if to, ok := keep[f]; ok && !slices.Contains(formats, to) {
			formats = append(formats, to)
		}
	}
	m.MediaName.Formats = formats
	var attributes []sdp.Attribute
	for _, a := range m.Attributes {
		if a, ok := renumberAttribute(a, keep); ok {
			attributes = append(attributes, a)
		}
	}
	m.Attributes = attributes
}

func renumberAttribute(a sdp.Attribute, keep map[string]string) (sdp.Attribute, bool) {
	switch a.Key {
	case "rtpmap", "fmtp", "rtcp-fb":
	default:
		return a, true
	}
	format, rest, _ := strings.Cut(strings.TrimSpace(a.Value), " ")
	if a.Key == "rtcp-fb" && format == "*" {
		return a, true
	}
	to, ok := keep[format]
	a.Value = to + " " + rest
	return a, ok
}

// AnswerTo is the answer to a whole offer: session level lines from ours, and
// one line for each of the offer's from [AnswerLine]. Lines of ours that are
// nil or missing are refused.
func AnswerTo(offer, ours *sdp.SessionDescription) *sdp.SessionDescription {
	answer := Clone(ours)
	answer.MediaDescriptions = make([]*sdp.MediaDescription, len(offer.MediaDescriptions))
	for i, line := range offer.MediaDescriptions {
		var local *sdp.MediaDescription
		if i < len(ours.MediaDescriptions) {
			local = ours.MediaDescriptions[i]
		}
		answer.MediaDescriptions[i] = AnswerLine(line, offer, local)
	}
	return answer
}
