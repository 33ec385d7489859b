package wire

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
)

// peerKey names the connection that messages to a destination may use. A TLS
// connection that a peer opened has none: nobody has verified who that is.
type peerKey struct {
	transport string
	addr      netip.AddrPort
	name      string // tls: the verified name
}

// sendStream queues a message on a connection to its destination.
func (t *Transport) sendStream(q queued, to Destination) {
	if to.Flow != nil && to.Flow.enqueue(q) {
		return
	}
	f, dial := t.obtain(to)
	switch {
	case f == nil:
		finish(q.done, net.ErrClosed)
		return
	case !f.enqueue(q): // ended this very moment
		finish(q.done, net.ErrClosed)
	}
	if dial {
		go func() { // counted by obtain
			defer t.running.Done()
			f.dial()
		}()
	}
}

// obtain finds the connection for a destination or makes one that has to be
// dialed. It is nil while the transport closes.
func (t *Transport) obtain(to Destination) (f *Flow, dial bool) {
	key := peerKey{to.Transport, netip.AddrPortFrom(to.Addr.Addr().Unmap(), to.Addr.Port()), ""}
	if to.Transport == "tls" {
		if key.name = to.ServerName; key.name == "" {
			key.name = key.addr.Addr().String()
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closing {
		return nil, false
	}
	if f = t.byPeer[key]; f != nil && f.Alive() {
		return f, false
	}
	f = t.addLocked(&Flow{transport: key.transport, remote: key.addr, serverName: key.name, key: &key})
	t.running.Add(1)
	return f, true
}

// newInbound registers a connection that was accepted. It is nil when there are
// too many, or the transport closes.
func (t *Transport) newInbound(transport string, conn net.Conn) *Flow {
	f := &Flow{transport: transport, remote: addrPort(conn.RemoteAddr()), local: addrPort(conn.LocalAddr()), inbound: true}
	if transport == "tcp" {
		f.key = &peerKey{transport, f.remote, ""}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closing || t.inbound >= maxConnections || t.inboundFromLocked(f.remote.Addr()) >= maxOfOne {
		return nil
	}
	t.inbound++
	return t.addLocked(f)
}

// inboundFromLocked counts the connections that a source has opened.
func (t *Transport) inboundFromLocked(source netip.Addr) (n int) {
	source = networkOf(source)
	for f := range t.flows {
		if f.inbound && networkOf(f.remote.Addr()) == source {
			n++
		}
	}
	return n
}

func (t *Transport) addLocked(f *Flow) *Flow {
	f.t, f.wake, f.ended = t, make(chan struct{}, 1), make(chan struct{})
	t.made++
	f.number = t.made
	t.flows[f] = struct{}{}
	if f.key != nil {
		t.byPeer[*f.key] = f
	}
	return f
}

// remove forgets a connection that has ended.
func (t *Transport) remove(f *Flow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.flows[f]; !ok {
		return
	}
	delete(t.flows, f)
	if f.inbound {
		t.inbound--
	}
	if f.key != nil && t.byPeer[*f.key] == f {
		delete(t.byPeer, *f.key)
	}
}

// sortedFlows are the connections in the order they were made.
func (t *Transport) sortedFlows() []*Flow {
	t.mu.Lock()
	defer t.mu.Unlock()
	flows := make([]*Flow, 0, len(t.flows))
	for f := range t.flows {
		flows = append(flows, f)
	}
	slices.SortFunc(flows, func(a, b *Flow) int { return cmp.Compare(a.number, b.number) })
	return flows
}
