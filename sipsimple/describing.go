package sipsimple

import (
	"errors"
	"net/netip"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// negotiation is the offer/answer machine of the dialog, made when first needed.
func (m *machine) negotiation() *sdp.Negotiation {
	if m.sdp == nil {
		m.sdp = sdp.NewNegotiation(uint64(m.out.random()))
	}
	return m.sdp
}

// describe starts a description of ours, without m-lines (section 8).
func (m *machine) describe() *psdp.SessionDescription {
	return sdp.NewSession(m.out.settings().userAgent, m.attrs.get().localIP, m.negotiation().ID())
}

// makeOffer opens the first offer of a call: one m-line for each member, in the
// order of the list; the index of a stream is its place in it for the life of
// the session.
func (m *machine) makeOffer() ([]byte, error) {
	offer := m.describe()
	for i, s := range m.members {
		s.stream.SetIndex(i)
		line, err := s.stream.LocalMedia(true)
		if err != nil {
			return nil, err
		}
		offer.MediaDescriptions = append(offer.MediaDescriptions, line)
	}
	m.negotiation().Cancel() // the offer of an abandoned route
	offer, err := m.negotiation().SetLocalOffer(offer)
	if err != nil {
		return nil, err
	}
	return sdp.Marshal(offer), nil
}

// makeAnswer answers the peer's open offer with the members' lines; every other
// line is refused.
func (m *machine) makeAnswer() ([]byte, error) {
	answer := m.describe()
	answer.MediaDescriptions = make([]*psdp.MediaDescription, len(m.sdp.Offer().MediaDescriptions))
	for _, s := range m.members {
		line, err := s.stream.LocalMedia(false)
		if err != nil {
			return nil, err
		}
		answer.MediaDescriptions[s.stream.Index()] = line
	}
	answer, err := m.sdp.SetLocalAnswer(answer)
	if err != nil {
		return nil, err
	}
	return sdp.Marshal(answer), nil
}

// takeAnswer closes our open offer with the peer's answer. If the answer is of
// no use the negotiation is left as it was, so that a further answer, as from
// another fork, can still be taken. The text of the error is the failure_reason.
func (m *machine) takeAnswer(body []byte) error {
	trial := *m.sdp
	answer, err := parseAnswer(body)
	if err == nil {
		err = trial.SetRemoteAnswer(answer)
	}
	if err != nil {
		return err
	}
	m.sdp = &trial
	return nil
}

func parseAnswer(body []byte) (*psdp.SessionDescription, error) {
	if len(body) == 0 {
		return nil, &sdp.NegotiationError{Reason: "no SDP in the answer"}
	}
	answer, err := sdp.Parse(body)
	if err != nil {
		return nil, &sdp.NegotiationError{Reason: err.Error()}
	}
	return answer, nil
}

// alive says whether both sides use the member's m-line: levelled descriptions
// have the same lines dead.
func alive(s *member, remote *psdp.SessionDescription) bool {
	i := s.stream.Index()
	return i < len(remote.MediaDescriptions) && sdp.Alive(remote.MediaDescriptions[i])
}

// facePeer finds our address facing the peer of an incoming call: the address
// that its offer names, else where its INVITE came from.
func (m *machine) facePeer(offer *psdp.SessionDescription, target netip.Addr) error {
	if offer != nil {
		if named, ok := sdp.SessionAddress(offer); ok && !named.IsUnspecified() {
			target = named
		}
	}
	local, err := m.out.addressFacing(core.Route{Address: target.String(), Transport: m.attrs.get().transport})
	if err != nil {
		return errors.New("could not get local IP address")
	}
	m.setLocalIP(local)
	return nil
}

func (m *machine) setLocalIP(local netip.Addr) {
	m.attrs.set(func(v *attributeValues) { v.localIP = local })
}
