package streamtest_test

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/streamtest"
	"github.com/go-sipsimple/callflow/sipsimple/notification"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

const (
	message = "m=message 2855 TCP/MSRP *\na=path:msrp://192.0.2.77:2855/x;tcp\na=accept-types:text/plain"
	rfb     = "m=application 2855 TCP/MSRP *\na=path:msrp://192.0.2.77:2855/x;tcp\na=accept-types:application/x-rfb"
)

// units collects those that notifications tell of.
type units struct {
	mu   sync.Mutex
	list []int
}

func (u *units) add(text string) {
	unit, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = append(u.list, unit)
}

func (u *units) all() []int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]int(nil), u.list...)
}

// observe collects units from the notifications of a sender that read finds one in.
func observe(env *streams.Environment, sender any, read func(notification.Data) string) func() []int {
	u := &units{}
	env.Center.AddObserver(notification.ObserverFunc(func(n notification.Notification) { u.add(read(n.Data)) }),
		notification.Filter{Sender: sender})
	return u.all
}

// relay sends what is offered, and what is asked for, to a relay that is not there.
func relay(env *streams.Environment) {
	env.MSRP.Model, env.MSRP.RelayForOutbound, env.MSRP.Transport = streams.ModelRelay, true, "tcp"
	env.MSRP.Relay = &msrp.Relay{Host: "192.0.2.99", Port: 2855}
}

func chatFixture() streamtest.Fixture {
	return streamtest.Fixture{
		Register: streams.RegisterChat, Acceptable: message, Slow: relay, Path: msrpPath,
		Unusable: []string{strings.Replace(message, "text/plain", "image/png", 1)},
		Payload: &streamtest.Payload{
			Send: func(s streams.MediaStream, unit int) error {
				_, err := s.(*streams.ChatStream).SendMessage([]byte(strconv.Itoa(unit)), nil)
				return err
			},
			Watch: func(env *streams.Environment, s streams.MediaStream) func() []int {
				return observe(env, s, chatText)
			},
		},
	}
}

func chatText(data notification.Data) string {
	if got, ok := data.(streams.ChatStreamGotMessage); ok {
		return string(got.Message.Body)
	}
	return ""
}

// msrpPath reads the path of an MSRP stream.
func msrpPath(s streams.MediaStream) map[string]any {
	path := map[string]any{}
	for _, name := range []string{"local_path", "remote_path", "remote_identity", "local_role"} {
		path[name], _ = s.(interface{ Attribute(string) (any, bool) }).Attribute(name)
	}
	return path
}

func desktopFixture() streamtest.Fixture {
	return streamtest.Fixture{
		Register: streams.RegisterDesktopSharing, Acceptable: rfb, Slow: relay, Path: msrpPath, Unusable: []string{rfb + "\na=rfbsetup:both"},
		Payload: &streamtest.Payload{
			Send: func(s streams.MediaStream, unit int) error {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				return s.(*streams.DesktopSharingStream).Send(ctx, []byte(strconv.Itoa(unit)))
			},
			Watch: func(env *streams.Environment, s streams.MediaStream) func() []int {
				return observe(env, s.(*streams.DesktopSharingStream).Handler(), func(data notification.Data) string {
					got, _ := data.(streams.DesktopSharingStreamGotData)
					return string(got.Data)
				})
			},
		},
	}
}

// fileFixture sends one file per stream, one way; units are parts of it.
func fileFixture() streamtest.Fixture {
	return streamtest.Fixture{
		Register: registerPush, Acceptable: message + "\na=recvonly\na=file-selector:name:\"x\" size:3", Slow: relay, Path: msrpPath,
		Unusable: []string{message + "\na=recvonly\na=file-selector:size:x", message + "\na=file-selector:name:\"x\""},
		Payload: &streamtest.Payload{
			OneWay: true,
			Send: func(s streams.MediaStream, unit int) error {
				s.(*streams.FileTransferStream).FileSelector().Content.(*growing).add(unit)
				return nil
			},
			Watch: func(env *streams.Environment, s streams.MediaStream) func() []int {
				return observe(env, s, func(data notification.Data) string {
					got, _ := data.(streams.FileTransferStreamGotChunk)
					label, _, _ := strings.Cut(string(got.Content), " ")
					return label
				})
			},
		},
	}
}

// registerPush is file transfer with a file at hand, in both directions.
func registerPush(r *streams.Registry) {
	var all streams.Registry
	streams.RegisterFileTransfer(&all)
	factory := all.Factories()[0]
	fromSDP := factory.NewFromSDP
	factory.New = func(env *streams.Environment) (streams.MediaStream, error) {
		return streams.NewFileTransferStream(env, streams.FileSelector{Name: "x", Size: streams.NoSize, Content: newGrowing()}, callsdp.SendOnly)
	}
	factory.NewFromSDP = func(env *streams.Environment, remote *sdp.SessionDescription, index int) (streams.MediaStream, error) {
		made, err := fromSDP(env, remote, index)
		if err != nil {
			return nil, err
		}
		if asked, _ := made.(*streams.FileTransferStream).Attribute("direction"); asked != "sendonly" {
			return made, nil
		}
		return made, made.(*streams.FileTransferStream).SetFileSelector(abc())
	}
	r.Add(factory)
}

// growing is a file that gets longer: whoever reads it waits for more until it is closed.
type growing struct {
	mu     sync.Mutex
	more   sync.Cond
	data   []byte
	closed bool
}

func newGrowing() *growing {
	g := &growing{}
	g.more.L = &g.mu
	return g
}

// unitSize is as much as is read at once, and some more.
const unitSize = 512 << 10

// add puts a unit behind what there is: its number again and again.
func (g *growing) add(unit int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.data = append(g.data, strings.Repeat(fmt.Sprintf("%-8d", unit), unitSize/8)...)
	g.more.Broadcast()
}

func (g *growing) Read(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.data) == 0 && !g.closed {
		g.more.Wait()
	}
	if g.closed {
		return 0, io.ErrClosedPipe
	}
	n := copy(b, g.data)
	g.data = g.data[n:]
	return n, nil
}

func (g *growing) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.more.Broadcast()
	return nil
}

func abc() streams.FileSelector {
	return streams.FileSelector{Name: "x", Size: 3, Content: strings.NewReader("abc")}
}

func TestChatStream(t *testing.T)           { streamtest.Run(t, chatFixture()) }
func TestDesktopSharingStream(t *testing.T) { streamtest.Run(t, desktopFixture()) }
func TestFileTransferStream(t *testing.T)   { streamtest.Run(t, fileFixture()) }
