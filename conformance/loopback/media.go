package loopback

import (
	"net/netip"
	"time"
)

// A busy machine runs the goroutines that read sockets late, and then sound that
// has been sent in time is not there in time. Clocks of sound in the laboratory
// need not believe in time: they wait for what has been sent (AwaitMedia).

// mostUnderWay is how long somebody waits for media that does not arrive: it is lost.
const mostUnderWay = 200 * time.Millisecond

// AwaitMedia waits until all RTP and RTCP that hosts have sent to each other has
// been taken by its receivers, for a fifth of a second at most.
func (n *Network) AwaitMedia() {
	for end := time.Now().Add(mostUnderWay); !n.isCalm(); time.Sleep(time.Millisecond / 2) {
		if time.Now().After(end) {
			n.forgetMedia()
			return
		}
	}
}

func (n *Network) isCalm() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.underWay == 0
}

func (n *Network) forgetMedia() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.sockets {
		n.takenLocked(c, c.underWay)
	}
}

// awaits begins to count what is on its way to a socket.
func (n *Network) awaits(c *udpConn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sockets[c.actual] = c
}

func (n *Network) awaitsNothing(c *udpConn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.sockets, c.actual)
	n.takenLocked(c, c.underWay)
}

// sends notes a datagram on its way to a socket of ours, which it returns; nil if
// it is no media or to somebody else.
func (n *Network) sends(data []byte, actual netip.AddrPort) *udpConn {
	if !isMedia(data) {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.sockets[actual]
	if c != nil {
		c.underWay++
		n.underWay++
	}
	return c
}

// taken notes that the receiver of a datagram is through with it.
func (n *Network) taken(c *udpConn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.takenLocked(c, 1)
}

func (n *Network) takenLocked(c *udpConn, datagrams int) {
	datagrams = min(datagrams, c.underWay)
	c.underWay -= datagrams
	n.underWay -= datagrams
}

// isMedia tells RTP and RTCP (RFC 7983).
func isMedia(data []byte) bool { return len(data) > 0 && data[0]>>6 == 2 }
