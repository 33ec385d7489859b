package sdp

import (
	"slices"

	"github.com/pion/sdp/v3"
)

// level makes the active pair of an offer of ours and the peer's answer, or of
// an offer of the peer and our answer: what both really have agreed on. Both
// have as many lines as the offer: those that a short answer lacks are dead,
// those that a long one has too many are cut. A line is alive only if both
// ports are not 0 and both describe the same media, protocol and at least one
// common codec; else both sides have port 0.
//
// Alive RTP lines keep only the common formats, in the answer's order, each
// side under its own numbers. Our direction is limited to the peer's: after an
// answer of recvonly to our sendrecv we are sendonly.
func level(local, remote, answer *sdp.SessionDescription, lines int) (l, r *sdp.SessionDescription) {
	l, r = Clone(local), Clone(remote)
	l.MediaDescriptions = resize(l.MediaDescriptions, r.MediaDescriptions, lines)
	r.MediaDescriptions = resize(r.MediaDescriptions, l.MediaDescriptions, lines)
	for i := range lines {
		ours, theirs := l.MediaDescriptions[i], r.MediaDescriptions[i]
		if !compatible(ours, theirs) {
			l.MediaDescriptions[i], r.MediaDescriptions[i] = RefusedLine(ours), RefusedLine(theirs)
			continue
		}
		if !IsRTP(ours) {
			continue
		}
		order := Codecs(ours)
		if answer == remote {
			order = Codecs(theirs)
		}
		a, b := commonFormats(ours, order), commonFormats(theirs, order)
		keepCommon(ours, theirs, a, b)
		SetDirection(ours, Intersect(Direction(ours, l), PeerDirection(theirs, r)))
	}
	return l, r
}

// resize cuts lines, or fills up with dead lines like the other side's.
func resize(lines, others []*sdp.MediaDescription, n int) []*sdp.MediaDescription {
	for i := len(lines); i < n; i++ {
		lines = append(lines, RefusedLine(others[i]))
	}
	return lines[:n]
}

// commonFormats maps each codec of order to the line's own format, "" if the
// line does not have it.
func commonFormats(m *sdp.MediaDescription, order []Codec) []string {
	formats := make([]string, len(order))
	own := Codecs(m)
	for i, c := range order {
		formats[i] = ourFormat(own, c)
	}
	return formats
}

// keepCommon reduces both lines to the formats that both have.
func keepCommon(x, y *sdp.MediaDescription, a, b []string) {
	keepX, keepY := make(map[string]string), make(map[string]string)
	var orderX, orderY []string
	for i := range a {
		if a[i] == "" || b[i] == "" {
			continue
		}
		keepX[a[i]], keepY[b[i]] = a[i], b[i]
		orderX, orderY = append(orderX, a[i]), append(orderY, b[i])
	}
	renumber(x, keepX)
	renumber(y, keepY)
	x.MediaName.Formats, y.MediaName.Formats = unique(orderX), unique(orderY)
}

func unique(list []string) []string {
	var result []string
	for _, s := range list {
		if !slices.Contains(result, s) {
			result = append(result, s)
		}
	}
	return result
}
