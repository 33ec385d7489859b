package wire

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"time"
)

// SetTLS changes certificate and trust of connections to come, in both
// directions. Those that exist stay as they are.
func (t *Transport) SetTLS(cfg *tls.Config) { t.tls.Store(cfg) }

// SetServer changes the text of the Server header from now on; "" means none.
func (t *Transport) SetServer(text string) { t.server.Store(&text) }

// SetTLSTimeout bounds the TLS handshakes to come, in both directions; 0 means 10
// s, which with the connection itself is the most for one of ours.
func (t *Transport) SetTLSTimeout(limit time.Duration) { t.handshakes.Store(int64(limit)) }

func (t *Transport) handshakeLimit() time.Duration {
	if limit := t.handshakes.Load(); limit > 0 {
		return time.Duration(limit)
	}
	return handshakeTimeout
}

// SetPort moves the listener of a transport to another port: 0 any free one, -1
// none. One that listens at that port already, or at any port if port is 0,
// stays. The new listener is opened before the old one is closed: after an error
// everything is as it was. Connections and transactions go on. "tls" needs a
// configuration ([Config].TLS or [Transport.SetTLS]).
func (t *Transport) SetPort(transport string, port int) error {
	local, open := t.Addr(transport)
	if open && (port == 0 || int(local.Port()) == port) || !open && port < 0 {
		return nil
	}
	switch transport {
	case "udp":
		return t.setUDP(port)
	case "tcp", "tls":
		if transport == "tls" && port >= 0 && !hasCertificate(t.tls.Load()) {
			return fmt.Errorf("listen on tls port %d: there is no certificate", port)
		}
		return t.setStream(transport, port)
	}
	return fmt.Errorf("unsupported transport: %s", transport)
}

func (t *Transport) setUDP(port int) error {
	var socket *udpSocket
	if port >= 0 {
		var err error
		if socket, err = t.listenUDP(port); err != nil {
			return fmt.Errorf("listen on udp port %d: %w", port, err)
		}
	}
	t.mu.Lock()
	if t.closing {
		t.mu.Unlock()
		if socket != nil {
			_ = socket.conn.Close()
		}
		return net.ErrClosed
	}
	old := t.udp
	t.udp = socket
	if socket != nil {
		t.running.Go(socket.read)
	}
	t.mu.Unlock()
	if old != nil {
		_ = old.conn.Close()
	}
	return nil
}

func (t *Transport) setStream(transport string, port int) error {
	var l *listener
	if port >= 0 {
		var err error
		if l, err = t.listenStream(transport, port); err != nil {
			return fmt.Errorf("listen on %s port %d: %w", transport, port, err)
		}
	}
	t.mu.Lock()
	if t.closing {
		t.mu.Unlock()
		if l != nil {
			_ = l.Close()
		}
		return net.ErrClosed
	}
	var old []*listener
	kept := slices.DeleteFunc(slices.Clone(t.listeners), func(other *listener) bool {
		if other.transport == transport {
			old = append(old, other)
		}
		return other.transport == transport
	})
	if l != nil {
		kept = append(kept, l)
		t.running.Go(l.accept)
	}
	t.listeners = kept
	t.mu.Unlock()
	for _, other := range old {
		_ = other.Close()
	}
	return nil
}

// socket is the one that datagrams are sent from; nil without one.
func (t *Transport) socket() *udpSocket {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.udp
}
