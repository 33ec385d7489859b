package streams

import (
	"sync"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// replayWindow is how many packets back a repeated one is recognised.
const replayWindow = 128

// security protects the packets of a stream (RFC 3711). It outlives the changes
// of the path as long as the keys are the same, with the counters that go with
// a key. Both directions are locked each for itself.
type security struct {
	keys keys

	outMu sync.Mutex
	out   *srtp.Context
	wire  []byte // room for what is sent

	inMu sync.Mutex
	in   *srtp.Context
	open []byte // room for what is received
}

// newSecurity takes over from former, which may be nil, the directions whose keys
// have not changed. Without keys there is none.
func newSecurity(k keys, former *security) (*security, error) {
	if k == (keys{}) {
		return nil, nil
	}
	if former != nil && former.keys == k {
		return former, nil
	}
	s := &security{keys: k, wire: make([]byte, 0, maxPacket), open: make([]byte, 0, maxPacket)}
	if former != nil && former.keys.suite == k.suite {
		if former.keys.local == k.local {
			s.out = former.out
		}
		if former.keys.remote == k.remote {
			s.in = former.in
		}
	}
	var err error
	if s.out == nil {
		if s.out, err = contextOf(k.suite, k.local); err != nil {
			return nil, err
		}
	}
	if s.in == nil {
		s.in, err = contextOf(k.suite, k.remote, srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	}
	return s, err
}

func contextOf(s suite, key masterKey, options ...srtp.ContextOption) (*srtp.Context, error) {
	return srtp.CreateContext(key[:masterKeySize], key[masterKeySize:], s.profile, options...)
}

// seal protects an RTP packet. The result is valid until the next call.
func (s *security) seal(packet []byte, header *rtp.Header) ([]byte, error) {
	s.outMu.Lock()
	defer s.outMu.Unlock()
	sealed, err := s.out.EncryptRTP(s.wire[:0], packet, header)
	if err == nil {
		s.wire = sealed
	}
	return sealed, err
}

// sealControl protects an RTCP packet.
func (s *security) sealControl(packet []byte) ([]byte, error) {
	s.outMu.Lock()
	defer s.outMu.Unlock()
	return s.out.EncryptRTCP(nil, packet, nil)
}

// unseal opens an RTP packet; false if it is damaged, repeated or of somebody
// else. The result is valid until the next call.
func (s *security) unseal(data []byte, header *rtp.Header) ([]byte, bool) {
	s.inMu.Lock()
	defer s.inMu.Unlock()
	opened, err := s.in.DecryptRTP(s.open[:0], data, header)
	if err != nil {
		return nil, false
	}
	s.open = opened
	return opened, true
}

// unsealControl opens an RTCP packet.
func (s *security) unsealControl(data []byte) ([]byte, bool) {
	s.inMu.Lock()
	defer s.inMu.Unlock()
	opened, err := s.in.DecryptRTCP(nil, data, nil)
	return opened, err == nil
}
