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
//
// What is not changed is shared with the descriptions given.
func level(local, remote, answer *sdp.SessionDescription, lines int) (l, r *sdp.SessionDescription) {
	ours := resize(local.MediaDescriptions, remote.MediaDescriptions, lines)
	theirs := resize(remote.MediaDescriptions, ours, lines)
	for i := range lines {
		ours[i], theirs[i] = levelLine(ours[i], theirs[i], answer == remote)
		if Alive(ours[i]) && IsRTP(ours[i]) {
			SetDirection(ours[i], Intersect(Direction(ours[i], local), PeerDirection(theirs[i], remote)))
		}
	}
	return withLines(local, ours), withLines(remote, theirs)
}

// resize is a copy of lines, cut or filled up with dead lines like the other
// side's.
func resize(lines, others []*sdp.MediaDescription, n int) []*sdp.MediaDescription {
	resized := make([]*sdp.MediaDescription, n)
	for i := copy(resized, lines); i < n; i++ {
		resized[i] = RefusedLine(others[i])
	}
	return resized
}

func withLines(d *sdp.SessionDescription, lines []*sdp.MediaDescription) *sdp.SessionDescription {
	c := *d
	c.MediaDescriptions = lines
	return &c
}

// levelLine is both sides of one m-line, but for the direction.
func levelLine(ours, theirs *sdp.MediaDescription, theyAnswer bool) (l, r *sdp.MediaDescription) {
	var space [2]fewCodecs
	a, b := appendCodecs(space[0][:0], ours), appendCodecs(space[1][:0], theirs)
	if !compatible(ours, theirs, a, b) {
		return RefusedLine(ours), RefusedLine(theirs)
	}
	if !IsRTP(ours) {
		return ours, theirs
	}
	order := a
	if theyAnswer {
		order = b
	}
	var keepOurs, keepTheirs []string
	for _, c := range order {
		if x, y := ourFormat(a, c), ourFormat(b, c); x != "" && y != "" {
			keepOurs, keepTheirs = appendNew(keepOurs, x), appendNew(keepTheirs, y)
		}
	}
	return renumbered(ours, keepOurs, keepOurs), renumbered(theirs, keepTheirs, keepTheirs)
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
