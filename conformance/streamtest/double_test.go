package streamtest_test

import (
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/double"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/streamtest"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestDoubles: what stands in for a stream in scenarios keeps the contract too.
func TestDoubles(t *testing.T) {
	for streamType, line := range map[string]string{
		"audio": "m=audio 4000 RTP/AVP 8 0", "chat": message, "file-transfer": message + "\na=file-selector:name:\"x\"\na=recvonly",
		"desktop-sharing": rfb, "x-unheard": "m=x-unheard 4000 RTP/AVP 8",
	} {
		t.Run(streamType, func(t *testing.T) {
			cfg := double.ConfigOf(&scenario.StreamDef{
				Name: "s", Type: streamType, Double: &scenario.Double{Initialize: scenario.Outcome{After: 200 * time.Millisecond}},
			})
			streamtest.Run(t, streamtest.Fixture{Register: registerDouble(cfg), Acceptable: line, Hollow: true})
		})
	}
}

// registerDouble registers doubles of one configuration, whatever their label.
func registerDouble(cfg double.Config) func(*streams.Registry) {
	return func(r *streams.Registry) {
		r.Add(streams.Factory{
			Type: cfg.Type, Priority: 1,
			New: func(env *streams.Environment) (streams.MediaStream, error) { return double.New(env, cfg), nil },
			NewFromSDP: func(env *streams.Environment, remote *sdp.SessionDescription, index int) (streams.MediaStream, error) {
				s, err := double.FromSDP(env, cfg, remote, index)
				if err != nil {
					return nil, err
				}
				return s, nil
			},
		})
	}
}
