package wire

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/internal/dialing"
)

// dial opens the connection of a new outbound flow and runs it.
func (f *Flow) dial() {
	ctx, cancel := context.WithTimeout(f.t.ctx, DialTimeout)
	defer cancel()
	conn, err := f.t.connect(ctx, f.remote)
	if err == nil && f.transport == "tls" {
		conn, err = f.t.secure(ctx, conn, f.serverName)
	}
	if err != nil {
		f.t.log.Info("connection failed", "transport", f.transport, "destination", f.remote)
		f.fail(err)
		return
	}
	cancel()
	f.run(conn)
}

// connect dials from our own address.
func (t *Transport) connect(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	settings := &net.Dialer{Timeout: DialTimeout}
	if ip := t.bindIP(); ip != nil {
		settings.LocalAddr = &net.TCPAddr{IP: ip}
	}
	return dialing.TCP(ctx, t.cfg.Net, settings, to.String())
}

// secure does the handshake before anybody reads from the connection: a reader
// that waits would hold the lock that the handshake needs.
func (t *Transport) secure(ctx context.Context, conn net.Conn, serverName string) (net.Conn, error) {
	cfg := &tls.Config{}
	if template := t.tls.Load(); template != nil {
		cfg = template.Clone()
	}
	if cfg.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	cfg.ServerName = serverName
	secure := tls.Client(conn, cfg)
	_ = conn.SetDeadline(time.Now().Add(t.handshakeLimit()))
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, conn.SetDeadline(time.Time{})
}
