package sdp

import (
	"slices"

	"github.com/pion/sdp/v3"
)

// The directions of RFC 3264 section 5.1, as pion numbers them.
const (
	SendRecv = sdp.DirectionSendRecv
	SendOnly = sdp.DirectionSendOnly
	RecvOnly = sdp.DirectionRecvOnly
	Inactive = sdp.DirectionInactive
)

// Direction is the first direction attribute of the media description, else of
// the session (which may be nil), else sendrecv (RFC 8866 section 6.7).
func Direction(m *sdp.MediaDescription, s *sdp.SessionDescription) sdp.Direction {
	if d, ok := directionOf(m.Attributes); ok {
		return d
	}
	if s != nil {
		if d, ok := directionOf(s.Attributes); ok {
			return d
		}
	}
	return SendRecv
}

func directionOf(attributes []sdp.Attribute) (sdp.Direction, bool) {
	for _, a := range attributes {
		if d, err := sdp.NewDirection(a.Key); err == nil {
			return d, true
		}
	}
	return 0, false
}

// PeerDirection is the direction of a received media description with the old
// way of holding understood: a connection address of 0.0.0.0 or :: means that
// the peer does not want our media (RFC 3264 section 8.4; RFC 2543), whatever
// its direction attribute says.
func PeerDirection(m *sdp.MediaDescription, s *sdp.SessionDescription) sdp.Direction {
	d := Direction(m, s)
	if addr, ok := Address(m, s); ok && addr.IsUnspecified() {
		return compose(Sends(d), false)
	}
	return d
}

// SetDirection replaces all direction attributes of the media description by
// this one, at its end.
func SetDirection(m *sdp.MediaDescription, d sdp.Direction) {
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
		_, err := sdp.NewDirection(a.Key)
		return err == nil
	})
	m.Attributes = append(m.Attributes, sdp.Attribute{Key: d.String()})
}

// Sends tells whether the direction includes sending.
func Sends(d sdp.Direction) bool { return d == SendRecv || d == SendOnly }

// Receives tells whether the direction includes receiving.
func Receives(d sdp.Direction) bool { return d == SendRecv || d == RecvOnly }

// Reverse is the direction seen from the other end.
func Reverse(d sdp.Direction) sdp.Direction { return compose(Receives(d), Sends(d)) }

// OfferDirection is the direction of a new offer from our current one and our
// wish to hold. The first offer of a call has no current direction, 0, and is
// sendrecv whatever the wish.
func OfferDirection(current sdp.Direction, hold bool) sdp.Direction {
	switch {
	case current == 0:
		return SendRecv
	case Sends(current):
		return compose(true, !hold)
	default:
		return compose(false, !hold)
	}
}

// AnswerDirection is the direction of an answer to an offered direction, from
// our wish to hold (RFC 3264 section 6.1).
func AnswerDirection(offer sdp.Direction, hold bool) sdp.Direction {
	return Intersect(compose(true, !hold), offer)
}

// Intersect limits our direction to what the peer's allows: we send only if it
// receives, and receive only if it sends.
func Intersect(ours, peers sdp.Direction) sdp.Direction {
	return compose(Sends(ours) && Receives(peers), Receives(ours) && Sends(peers))
}

func compose(send, receive bool) sdp.Direction {
	switch {
	case send && receive:
		return SendRecv
	case send:
		return SendOnly
	case receive:
		return RecvOnly
	default:
		return Inactive
	}
}
