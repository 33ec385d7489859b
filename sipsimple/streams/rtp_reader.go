package streams

import (
	"net"
	"net/netip"
	"sync"
)

// SocketReader reads the RTP sockets of many streams: on Linux with one goroutine
// for all of them, which is most of what an idle call would cost. Its zero value
// is ready, and while it has no socket it holds nothing.
type SocketReader struct {
	mu    sync.Mutex // not held while a datagram is handled
	watch *watch     // nil without sockets
}

// receiveFrom hands every datagram to handle until the session is closed: called
// by the socket itself if it can, else by the reader of all sockets, else by a
// goroutine.
func (r *rtpSession) receiveFrom(conn net.PacketConn, handle func([]byte, netip.AddrPort)) {
	if direct, ok := conn.(interface {
		SetReceiver(func([]byte, netip.AddrPort))
	}); ok {
		direct.SetReceiver(handle)
		return
	}
	if r.shared.add(conn, handle) {
		return
	}
	r.reader.Go(func() {
		if readDatagrams(conn, handle) {
			return
		}
		buffer := make([]byte, maxPacket)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil && !isPassing(err) {
				return
			}
			if udp, ok := from.(*net.UDPAddr); ok && err == nil {
				handle(buffer[:n], udp.AddrPort())
			}
		}
	})
}

// endReading closes the sockets; nothing of them is handled any more when it
// returns.
func (r *rtpSession) endReading() {
	r.shared.remove(r.pair.rtp)
	r.shared.remove(r.pair.rtcp)
	r.pair.close()
	r.reader.Wait()
}
