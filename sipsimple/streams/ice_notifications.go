package streams

import (
	"fmt"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
)

// The texts of [AudioStreamICENegotiationStateDidChange], in the order in which they come; the last two exclude each
// other.
const (
	ICEGathering   = "ICE Candidates Gathering"
	ICEGathered    = "ICE Candidates Gathered"
	ICEInitialized = "ICE Session Initialized"
	ICEInProgress  = "ICE Negotiation In Progress"
	ICESucceeded   = "ICE Negotiation Succeeded"
	ICEFailed      = "ICE Negotiation Failed"
)

// Notifications of ICE; the sender is the stream.
type (
	// AudioStreamICENegotiationStateDidChange tells how far ICE is.
	AudioStreamICENegotiationStateDidChange struct {
		State string `field:"state"`
	}
	// AudioStreamICENegotiationDidSucceed tells which way was found, and how.
	AudioStreamICENegotiationDidSucceed struct {
		// Maps of rtp_cand_type, rtp_cand_ip ("ip:port"), rtcp_cand_type and rtcp_cand_ip; those of RTCP are missing when
		// the peer has no candidate for it.
		ChosenLocalCandidates  map[string]any `field:"chosen_local_candidates"`
		ChosenRemoteCandidates map[string]any `field:"chosen_remote_candidates"`
		Duration               string         `field:"duration"` // "<seconds>s:<milliseconds>"
		// Lists of number, component (1 RTP, 2 RTCP), "ip:port" and type.
		LocalCandidates  [][]any `field:"local_candidates"`
		RemoteCandidates [][]any `field:"remote_candidates"`
		// A list of number, component, source and destination as "ip:port", "nominated" or "not_nominated", and the state of
		// the check: "Frozen", "Waiting", "In Progress", "Succeeded" or "Failed".
		ConnectivityChecksResults [][]any `field:"connectivity_checks_results"`
	}
	// AudioStreamICENegotiationDidFail tells that no way was found: the addresses of the SDP are used.
	AudioStreamICENegotiationDidFail struct {
		Reason string `field:"reason"`
	}
)

func (AudioStreamICENegotiationStateDidChange) NotificationName() string {
	return "AudioStreamICENegotiationStateDidChange"
}
func (AudioStreamICENegotiationDidSucceed) NotificationName() string {
	return "AudioStreamICENegotiationDidSucceed"
}
func (AudioStreamICENegotiationDidFail) NotificationName() string {
	return "AudioStreamICENegotiationDidFail"
}

// iceReport is what an agent that has completed tells.
func iceReport(a *ice.Agent, took time.Duration) AudioStreamICENegotiationDidSucceed {
	d := AudioStreamICENegotiationDidSucceed{
		ChosenLocalCandidates: map[string]any{}, ChosenRemoteCandidates: map[string]any{},
		Duration:        fmt.Sprintf("%ds:%03d", int(took/time.Second), int(took%time.Second/time.Millisecond)),
		LocalCandidates: candidateLists(a.Local()), RemoteCandidates: candidateLists(a.Remote().Candidates),
	}
	for _, component := range a.Components() {
		name := map[int]string{ice.RTP: "rtp", ice.RTCP: "rtcp"}[component]
		local, remote, _ := a.Selected(component)
		d.ChosenLocalCandidates[name+"_cand_type"], d.ChosenLocalCandidates[name+"_cand_ip"] = string(local.Type), local.Addr.String()
		d.ChosenRemoteCandidates[name+"_cand_type"], d.ChosenRemoteCandidates[name+"_cand_ip"] = string(remote.Type), remote.Addr.String()
	}
	for i, c := range a.Checks() {
		nominated := "not_nominated"
		if c.Nominated {
			nominated = "nominated"
		}
		d.ConnectivityChecksResults = append(d.ConnectivityChecksResults,
			[]any{i, c.Component, c.Source.Addr.String(), c.Destination.Addr.String(), nominated, string(c.State)})
	}
	return d
}

func candidateLists(candidates []ice.Candidate) [][]any {
	lists := make([][]any, len(candidates))
	for i, c := range candidates {
		lists[i] = []any{i, c.Component, c.Addr.String(), string(c.Type)}
	}
	return lists
}
