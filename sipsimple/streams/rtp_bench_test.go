package streams

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// sinkhole is a socket that swallows.
type sinkhole struct{ net.PacketConn }

func (sinkhole) WriteToAddrPort(b []byte, _ netip.AddrPort) (int, error) { return len(b), nil }

// mediaPath is a port between a network that does nothing and no mixer.
type mediaPath struct {
	port   *audioPort
	remote netip.AddrPort
	header rtp.Header
	frame  []int16
	packet []byte
	seal   *security // the peer's
}

func newMediaPath(t testing.TB, codec string, rate int, encrypted bool) *mediaPath {
	t.Helper()
	mixer, err := audio.NewMixer(audio.MixerConfig{SampleRate: rate})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mixer.Close() })
	c, _ := audio.LookupCodec(codec, 0)
	remote := netip.MustParseAddrPort("192.0.2.1:4000")
	p := path{
		remote: remote, control: netip.MustParseAddrPort("192.0.2.1:4001"), codec: c, sendType: c.PayloadType,
		direction: sdp.DirectionSendRecv, formats: []format{{codec: c, payloadType: c.PayloadType}},
	}
	r := &rtpSession{
		pair: portPair{sinkhole{}, sinkhole{}}, header: rtp.Header{Version: 2, SSRC: 1}, packet: make([]byte, 0, maxPacket),
		reports: newReports(1, "x"), ssrc: 1,
	}
	m := &mediaPath{remote: remote, header: rtp.Header{Version: 2, SSRC: 2, PayloadType: c.PayloadType}, frame: make([]int16, rate/50)}
	if encrypted {
		k := keys{suites[0], masterKey{1}, masterKey{2}}
		if err := r.protect(k); err != nil {
			t.Fatal(err)
		}
		if m.seal, err = newSecurity(keys{k.suite, k.remote, k.local}, nil); err != nil {
			t.Fatal(err)
		}
	}
	stream := &AudioStream{env: &Environment{Center: notification.NewCenter(nil)}, mixer: mixer}
	m.port = newAudioPort(stream, r, &p)
	r.start(m.port)
	m.packet = append(make([]byte, plainHeader), c.NewEncoder().Encode(nil, make([]int16, c.FrameSize()))...)
	return m
}

// tick is 20 ms: a packet in, a frame out of it; a frame in, a packet out of it.
func (m *mediaPath) tick() {
	m.header.SequenceNumber++
	m.header.Timestamp += m.port.codec.TimestampStep()
	_, _ = m.header.MarshalTo(m.packet)
	data := m.packet
	if m.seal != nil {
		data, _ = m.seal.seal(m.packet, &m.header)
	}
	m.port.receive(data, m.remote)
	m.port.ReadFrame(m.frame)
	m.port.WriteFrame(m.frame)
}

// TestNoAllocations: a packet in, a frame out, and the other way, in the steady state between two reports. The library of SRTP takes its
// buffers from a pool, which may be emptied between two packets (one allocation) and which the race detector empties at random.
func TestNoAllocations(t *testing.T) {
	for _, test := range []struct {
		codec     string
		rate      int
		encrypted bool
		want      float64
	}{{"PCMU", 8000, false, 0}, {"PCMA", 48000, false, 0}, {"G722", 16000, false, 0}, {"PCMU", 8000, true, 1}} {
		if test.encrypted && RaceDetector {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			m := newMediaPath(t, test.codec, test.rate, test.encrypted)
			for range 20 {
				m.tick()
			}
			if n := testing.AllocsPerRun(200, m.tick); n > test.want {
				t.Errorf("%+v: %v allocations per packet", test, n)
			}
			_ = m.port.stream.env.Center.Flush(context.Background())
		})
	}
}

func BenchmarkPacket(b *testing.B) {
	for name, test := range map[string]struct {
		codec     string
		rate      int
		encrypted bool
	}{
		"PCMU": {"PCMU", 8000, false}, "PCMU at 48 kHz": {"PCMU", 48000, false}, "G722": {"G722", 16000, false},
		"SRTP": {"PCMU", 8000, true},
	} {
		b.Run(name, func(b *testing.B) {
			m := newMediaPath(b, test.codec, test.rate, test.encrypted)
			b.ReportAllocs()
			for b.Loop() {
				m.tick()
			}
		})
	}
}
