package wire

import (
	"crypto/tls"
	"net"
	"net/netip"
	"time"
)

// listener accepts stream connections.
type listener struct {
	net.Listener
	t         *Transport
	transport string
	local     netip.AddrPort
}

func (t *Transport) openStream(transport string, port int) error {
	l, err := t.listenStream(transport, port)
	if err == nil {
		t.listeners = append(t.listeners, l)
	}
	return err
}

func (t *Transport) listenStream(transport string, port int) (*listener, error) {
	l, err := t.cfg.Net.ListenTCP("tcp", &net.TCPAddr{IP: t.bindIP(), Port: port})
	if err != nil {
		return nil, err
	}
	return &listener{l, t, transport, addrPort(l.Addr())}, nil
}

// accept accepts until the listener is closed. A handshake does not hold up the
// next connection.
func (l *listener) accept() {
	for {
		conn, err := l.Accept()
		if err != nil {
			if !l.t.pause(err) {
				l.t.lost(l.transport, l.t.listensWith(l), err)
				return
			}
			continue
		}
		f := l.t.newInbound(l.transport, conn)
		if f == nil {
			_ = conn.Close()
			continue
		}
		l.t.running.Go(func() { f.serve(conn) })
	}
}

// serve runs a connection that a peer has opened.
func (f *Flow) serve(conn net.Conn) {
	if f.transport == "tls" {
		secure := tls.Server(conn, f.t.serverTLS())
		_ = conn.SetDeadline(time.Now().Add(f.t.handshakeLimit()))
		if err := secure.HandshakeContext(f.t.ctx); err != nil {
			f.t.log.Info("TLS handshake failed", "source", f.remote)
			_ = conn.Close()
			f.fail(err)
			return
		}
		_ = conn.SetDeadline(time.Time{})
		conn = secure
	}
	f.run(conn)
}

func (t *Transport) serverTLS() *tls.Config {
	cfg := t.tls.Load().Clone()
	if cfg.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	return cfg
}
