package loopback

import (
	"context"
	"net/netip"
)

// Hosts hear what is sent to them when the gate of the network is open. What has
// come while it was closed waits at it, each at its destination; media never does.

// Hold closes the gate, and returns what opens it ([Network.Deliver]).
func (n *Network) Hold() (deliver func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.holdLocked()
	return n.Deliver
}

func (n *Network) holdLocked() {
	select {
	case <-n.gate:
		n.gate = make(chan struct{})
	default:
	}
}

// Deliver opens the gate: what waits there is heard, and what comes until the next
// Hold.
func (n *Network) Deliver() {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.gate:
	default:
		close(n.gate)
		n.round++
	}
}

// StepByStep has each datagram, write and call of a connection close the gate and
// then call told, until it is called with nil. Somebody who always waits until all
// is quiet before he delivers sees the messages come one hop after another, as on a
// network with a latency.
func (n *Network) StepByStep(told func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = told
}

// sending is called before something is sent.
func (n *Network) sending() {
	n.mu.Lock()
	told := n.told
	if told != nil {
		n.holdLocked()
	}
	n.mu.Unlock()
	if told != nil {
		told()
	}
}

// admit waits at the gate, until somebody is gone at most.
func (n *Network) admit(gone <-chan struct{}) {
	n.mu.Lock()
	gate := n.gate
	n.mu.Unlock()
	select {
	case <-gate:
	case <-gone:
	}
}

// admitNext waits at the gate until it has been opened once more than when round was
// returned, and returns the new one.
func (n *Network) admitNext(round uint64, gone <-chan struct{}) uint64 {
	n.mu.Lock()
	same := n.round == round && n.told != nil
	n.mu.Unlock()
	if same {
		n.sending()
	}
	n.admit(gone)
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.round
}

// roundTrip is the time that a connection takes to be made or refused; to a host
// that swallows what comes it is for ever.
func (n *Network) roundTrip(ctx context.Context, to netip.AddrPort) error {
	n.sending()
	n.mu.Lock()
	host := n.ofLocked(to.Addr())
	n.mu.Unlock()
	if host != nil && host.swallows.Load() {
		<-ctx.Done()
	}
	n.admit(ctx.Done())
	return ctx.Err()
}
