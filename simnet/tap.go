package simnet

// tap is one listener to the network.
type tap struct {
	fn         func(Packet)
	signalling bool // not interested in RTP and RTCP
	datagrams  bool // nor in TCP
	removed    bool // guarded by n.mu
}

// Tap has fn called for every packet of the network when it leaves its host: for each UDP datagram and TCP segment, for
// duplicates and repetitions, lost or not, in an order that the seed decides. The call comes a nanosecond after the
// Write, when everything else of that instant has been done; Packet.Sent is the instant of the Write. The returned
// function ends it.
func (n *Network) Tap(fn func(Packet)) (remove func()) { return n.addTap(&tap{fn: fn}) }

// TapSignalling is as [Network.Tap] without RTP and RTCP, which then cost nothing.
func (n *Network) TapSignalling(fn func(Packet)) (remove func()) {
	return n.addTap(&tap{fn: fn, signalling: true})
}

// TapDatagrams is as [Network.TapSignalling] without TCP: how much is sent that way costs nothing.
func (n *Network) TapDatagrams(fn func(Packet)) (remove func()) {
	return n.addTap(&tap{fn: fn, signalling: true, datagrams: true})
}

func (n *Network) addTap(t *tap) (remove func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opLocked(op{tap: t})
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		t.removed = true
		n.opLocked(op{tap: t, remove: true})
	}
}

// wants tells whether the tap listens to such packets. By its first octets a DNS message may look like media.
func (t *tap) wants(p *packet) bool {
	if p.proto == TCP {
		return !t.datagrams
	}
	return !t.signalling || !isMedia(p.data) || p.src.Port() == portDNS || p.dst.Port() == portDNS
}

// tappedLocked tells whether someone listens to the packet, so that it must be judged without delay.
func (n *Network) tappedLocked(p *packet) bool {
	for _, t := range n.taps {
		if t.wants(p) {
			return true
		}
	}
	return false
}
