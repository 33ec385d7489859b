package msrp

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
)

// maxWaiting is how many connections may try to be the one we wait for.
const maxWaiting = 8

// acceptor waits for the connection of one peer. Strangers cannot keep it from coming: each connection is tried by
// itself.
type acceptor struct {
	endpoint *Endpoint
	peer     Peer
	winner   chan *Session
	tries    sync.WaitGroup
	slots    chan struct{}
}

// accept is the passive side.
func (e *Endpoint) accept(ctx context.Context, peer Peer) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	defer cancel()
	a := &acceptor{endpoint: e, peer: peer, winner: make(chan *Session, 1), slots: make(chan struct{}, maxWaiting)}
	a.tries.Go(func() { a.loop(ctx) })
	var s *Session
	select {
	case s = <-a.winner:
	case <-ctx.Done():
	}
	cancel()
	_ = e.listener.Close()
	a.tries.Wait()
	select {
	case late := <-a.winner:
		if s != nil {
			late.Abort(nil)
		} else {
			s = late
		}
	default:
	}
	if s == nil {
		return nil, fmt.Errorf("waiting for the peer to connect: %w", ctx.Err())
	}
	return s, nil
}

func (a *acceptor) loop(ctx context.Context) {
	for {
		conn, err := a.endpoint.listener.Accept()
		if err != nil {
			return
		}
		select {
		case a.slots <- struct{}{}:
		default:
			_ = conn.Close()
			continue
		}
		a.tries.Go(func() {
			defer func() { <-a.slots }()
			a.try(ctx, conn)
		})
	}
}

// try shakes hands and waits for the first SEND.
func (a *acceptor) try(ctx context.Context, conn net.Conn) {
	if cfg := a.endpoint.cfg.TLS; cfg != nil {
		secure := tls.Server(conn, serverTLS(cfg, a.peer.Fingerprint))
		if err := secure.HandshakeContext(ctx); err != nil {
			a.endpoint.cfg.Logger.Info("MSRP connection refused", "error", err)
			_ = conn.Close()
			return
		}
		conn = secure
	}
	s := a.endpoint.session(conn, a.peer, bindPassive)
	err := s.awaitBound(ctx)
	if err == nil {
		select {
		case a.winner <- s:
			return
		default:
		}
	}
	s.Abort(nil)
	<-s.Done()
}
