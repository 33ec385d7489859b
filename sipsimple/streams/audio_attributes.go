package streams

import (
	"net/netip"

	"github.com/go-sipsimple/callflow/audio"
)

// Attribute reads an attribute by its seed name (snake case), for tools that
// look at streams without knowing them. A null attribute is nil.
func (s *AudioStream) Attribute(name string) (any, bool) {
	switch name {
	case "state":
		return string(s.State()), true
	case "codec":
		return nullText(s.Codec()), true
	case "sample_rate":
		return nullNumber(s.SampleRate(), 0), true
	case "muted":
		return s.Muted(), true
	case "consumer_slot":
		return nullNumber(s.ConsumerSlot(), audio.NoSlot), true
	case "producer_slot":
		return nullNumber(s.ProducerSlot(), audio.NoSlot), true
	case "local_rtp_address":
		return address(s.LocalRTPAddress()), true
	case "local_rtp_port":
		return nullNumber(int(s.LocalRTPAddress().Port()), 0), true
	case "remote_rtp_address":
		return address(s.RemoteRTPAddress()), true
	case "remote_rtp_port":
		return nullNumber(int(s.RemoteRTPAddress().Port()), 0), true
	case "recording_active":
		return s.RecordingActive(), true
	case "recording_filename":
		return nullText(s.RecordingFilename()), true
	case "srtp_active":
		return s.SRTPActive(), true
	case "ice_active":
		return s.ICEActive(), true
	case "local_rtp_candidate_type":
		local, _ := s.RTPCandidateTypes()
		return nullText(local), true
	case "remote_rtp_candidate_type":
		_, remote := s.RTPCandidateTypes()
		return nullText(remote), true
	case "packets_lost":
		return int(s.Totals().RX.Lost), true
	case "statistics":
		if s.State() != AudioEstablished { // before the start, after the end
			return nil, true
		}
		return s.Totals().attribute(), true // whoever looks does not disturb the application's reading
	}
	return nil, false
}

func nullText(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func nullNumber(n, null int) any {
	if n == null {
		return nil
	}
	return n
}

func address(a netip.AddrPort) any {
	if !a.IsValid() {
		return nil
	}
	return a.Addr().String()
}
