package contract_test

import (
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/contract"
	"github.com/go-sipsimple/callflow/conformance/double"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

var unusableAudio = []string{"m=audio 4000 RTP/XYZ 0", "m=audio 4000 RTP/AVP 18 96\na=rtpmap:96 opus/48000/2"}

func TestAudioStream(t *testing.T) {
	var registry streams.Registry
	streams.RegisterAudio(&registry)
	factory, _ := registry.Lookup(streams.AudioType)
	contract.Run(t, contract.Fixture{Factory: factory, Acceptable: "m=audio 4000 RTP/AVP 8 0", Unusable: unusableAudio})
}

func TestDoubles(t *testing.T) {
	const chat = "m=message 2855 TCP/MSRP *\na=path:msrp://192.0.2.77:2855/x;tcp\na=accept-types:text/plain"
	for _, fixture := range []struct {
		streamType, line string
		unusable         []string
	}{
		{"audio", "m=audio 4000 RTP/AVP 8 0", unusableAudio},
		{"chat", chat, []string{"m=message 2855 UDP/MSRP *"}},
		{"file-transfer", chat + "\na=file-selector:name:\"x\"\na=recvonly", []string{"m=message 1 UDP/MSRP *\na=file-selector:name:\"x\""}},
		{"desktop-sharing", "m=application 2855 TCP/MSRP *\na=accept-types:application/x-rfb",
			[]string{"m=application 2855 UDP/MSRP *\na=accept-types:application/x-rfb"}},
	} {
		t.Run(fixture.streamType, func(t *testing.T) {
			contract.Run(t, contract.Fixture{
				Factory: factory(double.ConfigOf(&scenario.StreamDef{
					Name: "s", Type: fixture.streamType,
					Double: &scenario.Double{Initialize: scenario.Outcome{After: 200 * time.Millisecond}},
				})),
				Acceptable: fixture.line, Unusable: fixture.unusable,
			})
		})
	}
}

// factory makes doubles of one configuration, whatever their label.
func factory(cfg double.Config) streams.Factory {
	return streams.Factory{
		Type: cfg.Type, Priority: 1,
		New: func(env *streams.Environment) (streams.MediaStream, error) { return double.New(env, cfg), nil },
		NewFromSDP: func(env *streams.Environment, remote *sdp.SessionDescription, index int) (streams.MediaStream, error) {
			s, err := double.FromSDP(env, cfg, remote, index)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
	}
}
