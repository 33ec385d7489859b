package simnet

import "slices"

// OpenSockets lists the sockets that the programs of the host have not closed, such as "udp 192.0.2.1:5060": what is
// left when they have ended is a leak.
func (h *Host) OpenSockets() []string {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	var open []string
	for _, port := range sortedKeys(h.udp) {
		for _, c := range h.udp[port] {
			open = append(open, "udp "+c.LocalAddr().String())
		}
	}
	for _, port := range sortedKeys(h.listeners) {
		for _, l := range h.listeners[port] {
			open = append(open, "tcp listener "+l.Addr().String())
		}
	}
	for _, c := range h.connsInOrderLocked() {
		if !c.closed && c.listener == nil { // one that is still being opened from outside is no program's yet
			open = append(open, "tcp "+c.local.String()+" to "+c.remote.String())
		}
	}
	return slices.Clip(open)
}
