package contract_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/contract"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// answerer is an MSRP peer that answers every SEND with 200.
type answerer struct {
	socket  net.Conn
	pending []byte
}

func (a *answerer) Head(h *msrp.Head) error {
	a.pending = nil
	if h.Is("SEND") {
		m := msrp.Message{
			TransactionID: string(h.TransactionID), Code: 200, Comment: "OK", ToPath: string(h.FromPath), FromPath: string(h.ToPath),
		}
		a.pending = m.Append(nil)
	}
	return nil
}
func (*answerer) Body([]byte) error { return nil }
func (a *answerer) End(msrp.Continuation) error {
	if a.pending == nil {
		return nil
	}
	_, err := a.socket.Write(a.pending)
	return err
}

// answering serves connections until it is stopped.
func answering(t *testing.T, host *simnet.Host) func() {
	listener, err := host.ListenTCP("tcp", &net.TCPAddr{IP: host.Addr().AsSlice(), Port: msrp.DefaultPort})
	if err != nil {
		t.Fatal(err)
	}
	var workers sync.WaitGroup
	var mu sync.Mutex
	var sockets []net.Conn
	workers.Go(func() {
		for {
			socket, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			sockets = append(sockets, socket)
			mu.Unlock()
			workers.Go(func() { serve(socket) })
		}
	})
	return func() {
		_ = listener.Close()
		mu.Lock()
		for _, s := range sockets {
			_ = s.Close()
		}
		mu.Unlock()
		workers.Wait()
	}
}

func serve(socket net.Conn) {
	var framer msrp.Framer
	a := &answerer{socket: socket}
	buf := make([]byte, 4096)
	for {
		n, err := socket.Read(buf)
		if err != nil || framer.Feed(buf[:n], a) != nil {
			_ = socket.Close()
			return
		}
	}
}

func TestMSRPStreams(t *testing.T) {
	const message = "m=message 2855 TCP/MSRP *\na=path:msrp://192.0.2.77:2855/x;tcp\na=accept-types:text/plain"
	const rfb = "m=application 2855 TCP/MSRP *\na=path:msrp://192.0.2.77:2855/x;tcp\na=accept-types:application/x-rfb"
	for _, c := range []struct {
		register func(*streams.Registry)
		line     string
		unusable []string
	}{
		{streams.RegisterChat, message, []string{"m=message 2855 UDP/MSRP *", strings.Replace(message, "text/plain", "image/png", 1)}},
		{registerPush, message + "\na=recvonly\na=file-selector:name:\"x\" size:3",
			[]string{"m=message 1 UDP/MSRP *\na=recvonly\na=file-selector:name:\"x\"", message + "\na=recvonly\na=file-selector:size:x", message + "\na=file-selector:name:\"x\""}},
		{streams.RegisterDesktopSharing, rfb, []string{strings.Replace(rfb, "TCP/", "UDP/", 1), rfb + "\na=rfbsetup:both"}},
	} {
		var registry streams.Registry
		c.register(&registry)
		factory := registry.Factories()[0]
		t.Run(factory.Type, func(t *testing.T) {
			contract.Run(t, contract.Fixture{
				Factory: factory, Acceptable: c.line, Unusable: c.unusable, Peer: answering, Slow: 4 * time.Second,
			})
		})
	}
}

// registerPush is file transfer with a file at hand, in both directions.
func registerPush(r *streams.Registry) {
	var all streams.Registry
	streams.RegisterFileTransfer(&all)
	factory := all.Factories()[0]
	fromSDP := factory.NewFromSDP
	factory.New = func(env *streams.Environment) (streams.MediaStream, error) {
		return streams.NewFileTransferStream(env, abc(), callsdp.SendOnly)
	}
	factory.NewFromSDP = func(env *streams.Environment, remote *sdp.SessionDescription, index int) (streams.MediaStream, error) {
		made, err := fromSDP(env, remote, index)
		if err != nil {
			return nil, err
		}
		return made, made.(*streams.FileTransferStream).SetFileSelector(abc())
	}
	r.Add(factory)
}

func abc() streams.FileSelector {
	return streams.FileSelector{Name: "x", Size: 3, Content: strings.NewReader("abc")}
}
