package streams

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
)

// watch is a set of sockets and the goroutine that reads them: an epoll of our
// own, which the Go runtime waits for as it does for any descriptor. It ends
// with the last of its sockets.
type watch struct {
	file  *os.File // the epoll
	space [maxPacket]byte
	ended chan struct{}

	mu      sync.Mutex
	sockets map[int32]*watched // by descriptor
	busy    *watched           // whose datagram is handled
	quiet   sync.Cond          // busy has changed
}

// watched is one of the sockets.
type watched struct {
	fd     int32
	handle func([]byte, netip.AddrPort)
}

// add begins to read a socket; false: it is none of the system.
func (r *SocketReader) add(conn net.PacketConn, handle func([]byte, netip.AddrPort)) bool {
	if r == nil {
		return false
	}
	fd, ok := descriptor(conn)
	if !ok {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watch == nil {
		w, err := newWatch()
		if err != nil {
			return false
		}
		r.watch = w
	}
	return r.watch.add(&watched{fd, handle})
}

// remove ends the reading of a socket, which must not be closed yet: its
// datagrams are not handled any more when it returns. A socket that was not added
// is ignored.
func (r *SocketReader) remove(conn net.PacketConn) {
	if r == nil {
		return
	}
	fd, ok := descriptor(conn)
	if !ok {
		return
	}
	r.mu.Lock()
	w := r.watch
	if w == nil {
		r.mu.Unlock()
		return
	}
	s, last := w.forget(fd)
	if last {
		r.watch = nil
	}
	r.mu.Unlock()
	w.await(s)
	if last {
		w.end()
	}
}

// descriptor is that of a UDP socket of the system.
func descriptor(conn net.PacketConn) (fd int32, ok bool) {
	socket, ok := conn.(*net.UDPConn)
	if !ok {
		return 0, false
	}
	raw, err := socket.SyscallConn()
	if err == nil {
		err = raw.Control(func(n uintptr) { fd = int32(n) })
	}
	return fd, err == nil
}

func newWatch() (*watch, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err == nil {
		err = syscall.SetNonblock(fd, true) // so that the runtime waits for it
	}
	if err != nil {
		return nil, os.NewSyscallError("epoll", err)
	}
	w := &watch{file: os.NewFile(uintptr(fd), "epoll"), ended: make(chan struct{}), sockets: map[int32]*watched{}}
	w.quiet.L = &w.mu
	raw, err := w.file.SyscallConn()
	if err != nil {
		_ = w.file.Close()
		return nil, err
	}
	go func() {
		defer close(w.ended)
		_ = raw.Read(w.readAll) // until the epoll is closed
	}()
	return w, nil
}

func (w *watch) add(s *watched) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.control(syscall.EPOLL_CTL_ADD, s.fd) != nil {
		return false
	}
	w.sockets[s.fd] = s
	return true
}

// forget takes a socket out; last: none is left.
func (w *watch) forget(fd int32) (s *watched, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s = w.sockets[fd]; s != nil {
		_ = w.control(syscall.EPOLL_CTL_DEL, fd) // it is in there
		delete(w.sockets, fd)
	}
	return s, len(w.sockets) == 0
}

// await waits until no datagram of a socket is handled.
func (w *watch) await(s *watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s != nil && w.busy == s {
		w.quiet.Wait()
	}
}

// end ends the goroutine.
func (w *watch) end() {
	_ = w.file.Close() // nobody could act on an error
	<-w.ended
}

func (w *watch) control(operation int, fd int32) (err error) {
	raw, err := w.file.SyscallConn()
	if err != nil {
		return err
	}
	failed := raw.Control(func(epoll uintptr) {
		err = syscall.EpollCtl(int(epoll), operation, int(fd), &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: fd})
	})
	if failed != nil {
		return failed
	}
	return err
}

// readAll reads until no socket has anything, one datagram of each at a time. It
// is never done.
func (w *watch) readAll(epoll uintptr) (done bool) {
	var ready [64]syscall.EpollEvent
	for {
		n, err := syscall.EpollWait(int(epoll), ready[:], 0)
		if err != nil && err != syscall.EINTR || err == nil && n == 0 {
			return false
		}
		for i := range max(n, 0) {
			w.read(ready[i].Fd)
		}
	}
}

// read handles one datagram. A descriptor that has meanwhile become another
// socket's has none, or one that would come next.
func (w *watch) read(fd int32) {
	w.mu.Lock()
	s := w.sockets[fd]
	w.busy = s
	w.mu.Unlock()
	if s == nil {
		return
	}
	// An error is what a single datagram causes, such as an ICMP answer to one that we sent.
	if size, from, err := syscall.Recvfrom(int(fd), w.space[:], 0); err == nil {
		s.handle(w.space[:size], addrPortOf(from))
	}
	w.mu.Lock()
	w.busy = nil
	w.mu.Unlock()
	w.quiet.Broadcast()
}
