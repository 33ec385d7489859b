package streams

import (
	"net/netip"
	"os"
	"runtime"
	"sync"
	"syscall"

	"github.com/go-sipsimple/callflow/sipsimple/internal/udp"
)

// watch is a set of sockets and the goroutine that reads them: an epoll of our
// own, which the Go runtime waits for as it does for any descriptor. It ends
// with the last of its sockets.
type watch struct {
	file  *os.File // the epoll
	epoll int      // its descriptor
	space [maxPacket]byte
	ended chan struct{}

	mu      sync.Mutex
	sockets map[int32]*systemSocket // by descriptor
	busy    *systemSocket           // whose datagram is handled
	quiet   sync.Cond               // busy has changed
}

// add begins to read a socket; false: it is none that listen has opened.
func (r *SocketReader) add(conn endpoint, handle func([]byte, netip.AddrPort)) (bool, error) {
	s, ok := conn.(*systemSocket)
	if !ok {
		return false, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watch == nil {
		w, err := newWatch()
		if err != nil {
			return true, err
		}
		r.watch = w
	}
	s.handle = handle
	return true, r.watch.add(s)
}

// close closes a socket that listen has opened: its datagrams are not handled any
// more when it returns.
func (r *SocketReader) close(s *systemSocket) error {
	r.mu.Lock()
	w := r.watch
	if w == nil {
		r.mu.Unlock()
		return s.shut()
	}
	last, err := w.close(s)
	if last {
		r.watch = nil
	}
	r.mu.Unlock()
	w.await(s)
	if last {
		w.end()
	}
	return err
}

func newWatch() (*watch, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err == nil {
		err = syscall.SetNonblock(fd, true) // so that the runtime waits for it
	}
	if err != nil {
		return nil, os.NewSyscallError("epoll", err)
	}
	w := &watch{
		file: os.NewFile(uintptr(fd), "epoll"), epoll: fd, ended: make(chan struct{}), sockets: map[int32]*systemSocket{},
	}
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

func (w *watch) add(s *systemSocket) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := syscall.EpollCtl(w.epoll, syscall.EPOLL_CTL_ADD, int(s.fd), &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: s.fd})
	if err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	w.sockets[s.fd] = s
	return nil
}

// close closes a socket, which takes it out of the epoll; last: none is left. The
// lock sees to it that it is not read meanwhile.
func (w *watch) close(s *systemSocket) (last bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sockets[s.fd] == s {
		delete(w.sockets, s.fd)
	}
	err = s.shut()
	return len(w.sockets) == 0, err
}

// await waits until no datagram of a socket is handled.
func (w *watch) await(s *systemSocket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.busy == s {
		w.quiet.Wait()
	}
}

// end ends the goroutine.
func (w *watch) end() {
	_ = w.file.Close() // nobody could act on an error
	<-w.ended
}

// readAll reads until no socket has anything, one datagram of each at a time. It
// is never done.
func (w *watch) readAll(epoll uintptr) (done bool) {
	var ready [64]syscall.EpollEvent
	for turn := 1; ; turn++ {
		n, err := udp.Ready(int(epoll), ready[:])
		if err != nil && err != syscall.EINTR || err == nil && n == 0 {
			return false
		}
		for i := range max(n, 0) {
			w.read(ready[i].Fd)
		}
		if turn%udp.Turn == 0 {
			runtime.Gosched()
		}
	}
}

// read handles one datagram. A descriptor that has meanwhile become another
// socket's has none, or one that would come next.
func (w *watch) read(fd int32) {
	s, size, from := w.receive(fd)
	if s == nil {
		return
	}
	s.handle(w.space[:size], from)
	w.mu.Lock()
	w.busy = nil
	w.mu.Unlock()
	w.quiet.Broadcast()
}

// receive takes a datagram off a socket, which is busy then; nil: there was none.
func (w *watch) receive(fd int32) (s *systemSocket, size int, from netip.AddrPort) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s = w.sockets[fd]; s == nil {
		return nil, 0, from
	}
	size, from, _, err := udp.Receive(int(fd), w.space[:])
	if err != nil { // what a single datagram causes, such as an ICMP answer to one that we sent
		return nil, 0, from
	}
	w.busy = s
	return s, size, from
}
