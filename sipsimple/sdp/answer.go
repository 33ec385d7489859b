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
// as it is. The session of the offer may be nil. What the answer has in common
// with local it may share with it.
func AnswerLine(offer *sdp.MediaDescription, session *sdp.SessionDescription,
	local *sdp.MediaDescription) *sdp.MediaDescription {
	if local == nil {
		return RefusedLine(offer)
	}
	var space [3]fewCodecs
	theirs, ours := appendCodecs(space[0][:0], offer), appendCodecs(space[1][:0], local)
	if !compatible(offer, local, theirs, ours) {
		return RefusedLine(offer)
	}
	if !IsRTP(offer) {
		return CloneLine(local)
	}
	from, to := make([]string, 0, 2), make([]string, 0, 2)
	for _, c := range appendAnswer(space[2][:0], theirs, ours) {
		from, to = append(from, ourFormat(ours, c)), append(to, c.Format)
	}
	answer := renumbered(local, from, to)
	SetDirection(answer, Intersect(Direction(local, nil), PeerDirection(offer, session)))
	return answer
}

// compatible tells whether two m-lines, whose codecs are those given, can make
// one stream.
func compatible(a, b *sdp.MediaDescription, codecsA, codecsB []Codec) bool {
	return Alive(a) && Alive(b) && a.MediaName.Media == b.MediaName.Media &&
		sameProtocol(a, b) && haveCommon(a, b, codecsA, codecsB)
}

// sameProtocol compares the words first, which needs no memory.
func sameProtocol(a, b *sdp.MediaDescription) bool {
	return slices.EqualFunc(a.MediaName.Protos, b.MediaName.Protos, strings.EqualFold) ||
		strings.EqualFold(Protocol(a), Protocol(b))
}

// appendAnswer picks from those of the offer: the first common codec and the
// first common telephone-event, rather one on the clock of the codec (RFC 4733
// section 2.1).
func appendAnswer(picked, offered, ours []Codec) []Codec {
	common := func(c Codec) bool { return slices.ContainsFunc(ours, c.Equal) }
	events := func(c Codec) bool { return c.Is("telephone-event") && common(c) }
	if i := slices.IndexFunc(offered, func(c Codec) bool { return !c.Auxiliary() && common(c) }); i >= 0 {
		picked = append(picked, offered[i])
	}
	onClock := func(c Codec) bool { return len(picked) > 0 && c.Rate == picked[0].Rate && events(c) }
	i := slices.IndexFunc(offered, onClock)
	if i < 0 {
		i = slices.IndexFunc(offered, events)
	}
	if i >= 0 {
		picked = append(picked, offered[i])
	}
	return picked
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

// renumbered is the line with the formats to, which are the formats from of m
// under other numbers. Attributes of other formats go. What is as in m is shared
// with it; the attributes have memory of their own, with room for a direction.
func renumbered(m *sdp.MediaDescription, from, to []string) *sdp.MediaDescription {
	line := *m
	line.MediaName.Formats = to
	line.Attributes = make([]sdp.Attribute, 0, len(m.Attributes)+1)
	for _, a := range m.Attributes {
		if a, ok := renumberAttribute(a, from, to); ok {
			line.Attributes = append(line.Attributes, a)
		}
	}
	return &line
}

func renumberAttribute(a sdp.Attribute, from, to []string) (sdp.Attribute, bool) {
	switch a.Key {
	case "rtpmap", "fmtp", "rtcp-fb":
	default:
		return a, true
	}
	value := strings.TrimSpace(a.Value)
	format, rest, spaced := strings.Cut(value, " ")
	if a.Key == "rtcp-fb" && format == "*" {
		return a, true
	}
	i := slices.Index(from, format)
	if i < 0 {
		return a, false
	}
	if spaced && from[i] == to[i] {
		a.Value = value
	} else {
		a.Value = to[i] + " " + rest
	}
	return a, true
}

// AnswerTo is the answer to a whole offer: session level lines from ours, and
// one line for each of the offer's from [AnswerLine]. Lines of ours that are
// nil or missing are refused. The answer shares with ours what it leaves as it is.
func AnswerTo(offer, ours *sdp.SessionDescription) *sdp.SessionDescription {
	answer := *ours
	answer.MediaDescriptions = make([]*sdp.MediaDescription, len(offer.MediaDescriptions))
	for i, line := range offer.MediaDescriptions {
		var local *sdp.MediaDescription
		if i < len(ours.MediaDescriptions) {
			local = ours.MediaDescriptions[i]
		}
		answer.MediaDescriptions[i] = AnswerLine(line, offer, local)
	}
	return &answer
}
