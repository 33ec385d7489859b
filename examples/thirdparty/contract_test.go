package thirdparty_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/streamtest"
	"github.com/go-sipsimple/callflow/examples/thirdparty"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// fixture is all that the kit needs of the stream.
func fixture() streamtest.Fixture {
	return streamtest.Fixture{
		Register:   thirdparty.Register,
		Acceptable: "m=text 4000 RTP/AVP 98\na=rtpmap:98 t140/1000",
		Payload: &streamtest.Payload{
			Send: func(s streams.MediaStream, unit int) error {
				return s.(*thirdparty.TextStream).Send(strconv.Itoa(unit))
			},
			Watch: watch,
		},
		Path: func(s streams.MediaStream) map[string]any {
			if remote := s.(*thirdparty.TextStream).RemoteAddress(); remote.IsValid() {
				return map[string]any{"remote address": remote}
			}
			return map[string]any{"remote address": nil}
		},
	}
}

// watch collects the units that a stream tells of.
func watch(env *streams.Environment, s streams.MediaStream) func() []int {
	var mu sync.Mutex
	var units []int
	env.Center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		if got, ok := n.Data.(thirdparty.TextStreamGotText); ok {
			if unit, err := strconv.Atoi(got.Text); err == nil {
				mu.Lock()
				defer mu.Unlock()
				units = append(units, unit)
			}
		}
	}), notification.Filter{Sender: s})
	return func() []int {
		mu.Lock()
		defer mu.Unlock()
		return append([]int(nil), units...)
	}
}

func TestContract(t *testing.T) { streamtest.Run(t, fixture()) }
