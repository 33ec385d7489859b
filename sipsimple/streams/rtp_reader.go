package streams

import (
	"net"
	"net/netip"
	"sync"
)

// SocketReader opens and reads the RTP sockets of many streams: on Linux with one
// goroutine for all of them, which is most of what an idle call would cost. Its
// zero value is ready, and while it has no socket it holds nothing.
type SocketReader struct {
	mu    sync.Mutex // not held while a datagram is handled
	watch *watch     // nil without sockets
}

// receiveFrom hands every datagram to handle until the session is closed: called
// by the socket itself if it can, else by the reader of all sockets, else by a
// goroutine.
func (r *rtpSession) receiveFrom(socket endpoint, handle func([]byte, netip.AddrPort)) error {
	if direct, ok := socket.(interface {
		SetReceiver(func([]byte, netip.AddrPort))
	}); ok {
		direct.SetReceiver(handle)
		return nil
	}
	if taken, err := r.shared.add(socket, handle); taken || err != nil {
		return err
	}
	if conn, ok := socket.(net.PacketConn); ok {
		r.reader.Go(func() { readAll(conn, handle) })
	}
	return nil
}

// readAll hands every datagram of a socket to handle until it is closed.
func readAll(conn net.PacketConn, handle func([]byte, netip.AddrPort)) {
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
}

// endReading closes the sockets; nothing of them is handled any more when it
// returns.
func (r *rtpSession) endReading() {
	r.pair.close()
	r.reader.Wait()
}
