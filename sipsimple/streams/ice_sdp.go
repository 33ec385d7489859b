package streams

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// maxRemoteCandidates is how many a=candidate lines of a peer are read.
const maxRemoteCandidates = 64

// remoteICE is what a description of the peer says about ICE (RFC 5245 section 15).
type remoteICE struct {
	ice.Remote
	has      bool // credentials and a candidate
	mismatch bool // and yet its default address is none of its candidates (section 5.1), or it says that ours is none
}

// readICE reads an m-line of the peer. Lines that are of no use are passed over.
func readICE(d *sdp.SessionDescription, line *sdp.MediaDescription) remoteICE {
	var r remoteICE
	r.Credentials = ice.Credentials{Ufrag: eitherLevel(d, line, "ice-ufrag"), Pwd: eitherLevel(d, line, "ice-pwd")}
	_, r.Lite = d.Attribute("ice-lite")
	for _, a := range line.Attributes {
		if a.Key != "candidate" || len(r.Candidates) == maxRemoteCandidates {
			continue
		}
		if c, err := ice.ParseCandidate(a.Value); err == nil {
			r.Candidates = append(r.Candidates, c)
		}
	}
	r.has = r.Credentials.Valid() && len(r.Candidates) > 0
	_, told := line.Attribute("ice-mismatch")
	r.mismatch = told || r.has && !matchesDefaults(d, line, r.Candidates)
	return r
}

func eitherLevel(d *sdp.SessionDescription, line *sdp.MediaDescription, name string) string {
	value, ok := line.Attribute(name)
	if !ok {
		value, _ = d.Attribute(name)
	}
	return strings.TrimSpace(value)
}

// matchesDefaults tells whether the addresses that a party without ICE would send to are among the candidates: if they
// are not, something on the way has changed them. An unspecified address is nobody's.
func matchesDefaults(d *sdp.SessionDescription, line *sdp.MediaDescription, candidates []ice.Candidate) bool {
	media, ok := callsdp.MediaAddrPort(line, d)
	if !ok || media.Addr().IsUnspecified() {
		return ok
	}
	control := controlAddress(line, media)
	has := func(component int) bool {
		return slices.ContainsFunc(candidates, func(c ice.Candidate) bool { return c.Component == component })
	}
	return slices.ContainsFunc(candidates, func(c ice.Candidate) bool { return c.Component == ice.RTP && c.Addr == media }) &&
		(!has(ice.RTCP) || slices.ContainsFunc(candidates, func(c ice.Candidate) bool { return c.Component == ice.RTCP && c.Addr == control }))
}

// iceLines are the attributes of ours.
type iceLines struct {
	credentials ice.Credentials // none: no ICE
	candidates  []ice.Candidate
	remote      []ice.Candidate // the peer's that were selected, if we control
}

// addTo writes them.
func (l iceLines) addTo(line *sdp.MediaDescription) {
	if l.credentials == (ice.Credentials{}) {
		return
	}
	add := func(key, value string) { line.Attributes = append(line.Attributes, sdp.NewAttribute(key, value)) }
	add("ice-ufrag", l.credentials.Ufrag)
	add("ice-pwd", l.credentials.Pwd)
	for _, c := range l.candidates {
		add("candidate", c.String())
	}
	if len(l.remote) > 0 {
		var list []string
		for _, c := range l.remote {
			list = append(list, strconv.Itoa(c.Component), c.Addr.Addr().String(), strconv.Itoa(int(c.Addr.Port())))
		}
		add("remote-candidates", strings.Join(list, " "))
	}
}
