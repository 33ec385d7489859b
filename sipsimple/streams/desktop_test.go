package streams_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

func (p *talker) desktop() *streams.DesktopSharingStream {
	return p.stream.(*streams.DesktopSharingStream)
}

func (p *talker) share(h streams.DesktopSharingHandler) {
	s, err := streams.NewDesktopSharingStream(p.env, h)
	check(p.t, err)
	p.stream = s
}

// TestInternalHandlers: octets both ways within the applications.
func TestInternalHandlers(t *testing.T) {
	for _, viewer := range []bool{true, false} {
		withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
			if viewer {
				alice.share(streams.NewInternalVNCViewerHandler(alice.env))
			} else {
				alice.share(streams.NewInternalVNCServerHandler(alice.env))
			}
			join(alice, bob, nil)
			if a, b := alice.desktop().Handler().Type(), bob.desktop().Handler().Type(); a == b || (a == "active") != viewer {
				t.Errorf("alice is %s, bob %s", a, b)
			}
			type sender interface {
				Send(ctx context.Context, data []byte) error
			}
			check(t, alice.desktop().Handler().(sender).Send(context.Background(), []byte("RFB 003.008\n")))
			check(t, bob.desktop().Handler().(sender).Send(context.Background(), []byte("\x00\r\n-------")))
			time.Sleep(time.Second)
			alice.expect("DidInitialize", "DidStart", `StreamGotData "\x00\r\n-------"`)
			bob.expect("DidInitialize", "DidStart", `StreamGotData "RFB 003.008\n"`)
			end(alice, bob)
			alice.expect("WillEnd", "DidEnd")
			if err := alice.desktop().Handler().(sender).Send(context.Background(), nil); err == nil {
				t.Error("sent after the end")
			}
		})
	}
}

// vnc is an external viewer and an external server, joined by two streams.
func vnc(t *testing.T, body func(n *simnet.Network, alice, bob *talker, viewer, server net.Conn)) {
	t.Helper()
	withTalkers(t, func(n *simnet.Network, alice, bob *talker) {
		listener, err := bob.host.ListenTCP("tcp", &net.TCPAddr{IP: bob.host.Addr().AsSlice(), Port: 5900})
		check(t, err)
		h, err := streams.NewExternalVNCViewerHandler(alice.env, "", 0)
		check(t, err)
		alice.share(h)
		dialed := make(chan net.Conn, 1)
		go func() {
			conn, err := alice.host.Dial("tcp", h.Address())
			check(t, err)
			dialed <- conn
		}()
		join(alice, bob, func(far streams.MediaStream) {
			address := fmt.Sprintf("%s:5900", bob.host.Addr())
			check(t, far.(*streams.DesktopSharingStream).SetHandler(streams.NewExternalVNCServerHandler(bob.env, address, 0)))
		})
		server, err := listener.Accept()
		check(t, err)
		viewer := <-dialed
		body(n, alice, bob, viewer, server)
		_, _, _ = viewer.Close(), server.Close(), listener.Close()
		end(alice, bob)
	})
}

// TestExternalHandlers: a megabyte each way between a viewer and a server.
func TestExternalHandlers(t *testing.T) {
	vnc(t, func(_ *simnet.Network, alice, bob *talker, viewer, server net.Conn) {
		data := content(1 << 20)
		for _, pair := range [][2]net.Conn{{viewer, server}, {server, viewer}} {
			go func() { _, _ = pair[0].Write(data) }()
			got := make([]byte, len(data))
			_, err := io.ReadFull(pair[1], got)
			check(t, err)
			if !slices.Equal(got, data) {
				t.Error("other octets")
			}
		}
		alice.expect("DidInitialize", "DidStart")
		bob.expect("DidInitialize", "DidStart")
		_ = viewer.Close()
		time.Sleep(time.Second)
		alice.expect("HandlerDidFail reading", "DidFail reading: the VNC program has closed the connection")
	})
}

// TestFlowControl: a server that floods a viewer that does not read is stopped.
func TestFlowControl(t *testing.T) {
	vnc(t, func(_ *simnet.Network, _, _ *talker, viewer, server net.Conn) {
		_ = server.SetWriteDeadline(time.Now().Add(20 * time.Second))
		piece := make([]byte, 64<<10)
		written := 0
		for {
			n, err := server.Write(piece)
			written += n
			if err != nil {
				break
			}
		}
		if written > 8<<20 {
			t.Errorf("%d octets went somewhere", written)
		}
		got := make([]byte, written)
		if _, err := io.ReadFull(viewer, got); err != nil {
			t.Error(err)
		}
	})
}

// TestExternalFailures: programs that do not come or do not answer.
func TestExternalFailures(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		h, err := streams.NewExternalVNCViewerHandler(alice.env, "", time.Second)
		check(t, err)
		alice.share(h)
		join(alice, bob, func(far streams.MediaStream) {
			check(t, far.(*streams.DesktopSharingStream).SetHandler(streams.NewExternalVNCServerHandler(bob.env, "192.0.2.99:1", time.Second)))
		})
		time.Sleep(5 * time.Second)
		got := strings.Join(append(alice.take(), bob.take()...), ";")
		if strings.Count(got, "HandlerDidFail connecting;DidFail connecting: ") == 0 {
			t.Errorf("%s", got)
		}
		end(alice, bob)
	})
}

func TestHandlerMisuse(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, _ *talker) {
		if _, err := streams.NewDesktopSharingStream(alice.env, nil); err == nil {
			t.Error("no handler")
		}
		alice.share(streams.NewInternalVNCViewerHandler(alice.env))
		if alice.desktop().SetHandler(nil) == nil || alice.desktop().SetHandler(streams.NewInternalVNCServerHandler(alice.env)) == nil {
			t.Error("a handler of another type was taken")
		}
		check(t, alice.desktop().SetHandler(streams.NewInternalVNCViewerHandler(alice.env)))
		end(alice)
		if alice.desktop().SetHandler(streams.NewInternalVNCViewerHandler(alice.env)) == nil {
			t.Error("a handler was taken after the end")
		}
	})
}
