package play

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// program is a VNC program beside the application of a party: a viewer that
// connects to it, or a server that it connects to. It says what the file has it
// say, and notes what it reads.
type program struct {
	world    *world
	listener net.Listener // of a server
	work     sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond
	conn    net.Conn
	unsent  [][]byte
	sent    int64 // octets that its connection has taken
	read    strings.Builder
	paused  bool
	closed  bool
}

// errNoVNC is for calls on a stream that has none.
var errNoVNC = errors.New("the stream has no VNC program: program: running")

// vncHandler makes the handler of a stream, and its program.
func (p *party) vncHandler(env *streams.Environment, def *scenario.StreamDef, typ string) (streams.DesktopSharingHandler, error) {
	prog := &program{world: p.world}
	prog.changed.L = &prog.mu
	there := def.Program != "absent"
	handler, err := prog.open(p, env, typ == "active", there)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.programs[handler] = prog
	return handler, nil
}

// open makes the way between program and handler.
func (g *program) open(p *party, env *streams.Environment, viewer, there bool) (streams.DesktopSharingHandler, error) {
	host := p.address().String()
	if viewer {
		handler, err := streams.NewExternalVNCViewerHandler(env, net.JoinHostPort(host, "0"), 0)
		if err != nil {
			return nil, err
		}
		if there {
			g.work.Go(func() { g.attach(p.host.CreateDialer(&net.Dialer{Timeout: dialLimit}).Dial("tcp", handler.Address())) })
		}
		return handler, nil
	}
	addr, err := p.host.ResolveTCPAddr("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, err
	}
	listener, err := p.host.ListenTCP("tcp", addr)
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	if there {
		g.listener = listener
		g.work.Go(func() { g.attach(listener.Accept()) })
	} else {
		_ = listener.Close()
	}
	return streams.NewExternalVNCServerHandler(env, address, 0), nil
}

const dialLimit = 30 * time.Second

// attach speaks over the connection to the handler.
func (g *program) attach(conn net.Conn, err error) {
	if err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		_ = conn.Close()
		return
	}
	g.conn = conn
	g.work.Go(g.write)
	g.work.Go(g.listen)
	g.changed.Broadcast()
}

func (g *program) write() {
	for {
		g.mu.Lock()
		for len(g.unsent) == 0 && !g.closed {
			g.changed.Wait()
		}
		if g.closed {
			g.mu.Unlock()
			return
		}
		data := g.unsent[0]
		g.unsent = g.unsent[1:]
		g.mu.Unlock()
		for len(data) > 0 { // in pieces, so that the number says how far it is
			n, err := g.conn.Write(data[:min(len(data), 4<<10)])
			if err != nil {
				return
			}
			data = data[n:]
			g.mu.Lock()
			g.sent += int64(n)
			g.mu.Unlock()
		}
	}
}

func (g *program) listen() {
	buf := make([]byte, 4<<10)
	for {
		n, err := g.conn.Read(buf)
		g.mu.Lock()
		g.read.Write(buf[:n])
		for g.paused && !g.closed {
			g.changed.Wait()
		}
		g.mu.Unlock()
		g.world.touch()
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			if errors.Is(err, io.EOF) {
				_ = g.conn.Close()
			}
			return
		}
		_ = g.conn.SetReadDeadline(time.Time{})
	}
}

// perform makes a call on the program.
func (g *program) perform(v *scenario.Call) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch v.Name {
	case "send":
		g.unsent = append(g.unsent, []byte(textToSend(v)))
	case "pause":
		g.paused = true
		if g.conn != nil {
			_ = g.conn.SetReadDeadline(time.Now())
		}
	case "resume":
		g.paused = false
	case "quit":
		g.closeLocked()
	}
	g.changed.Broadcast()
	return nil
}

func (g *program) closeLocked() {
	g.closed = true
	if g.listener != nil {
		_ = g.listener.Close()
	}
	if g.conn != nil {
		_ = g.conn.Close()
	}
	g.changed.Broadcast()
}

// close ends the program and waits for it.
func (g *program) close() {
	g.mu.Lock()
	g.closeLocked()
	g.mu.Unlock()
	g.work.Wait()
}

// text is what the program has read.
func (g *program) text() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.read.String()
}

// programOf is the program of a stream, nil if it has none.
func (p *party) programOf(st *stream) *program {
	s, ok := st.stream.(*streams.DesktopSharingStream)
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.programs[s.Handler()]
}

// vncAttribute reads what a program is like.
func (p *party) vncAttribute(st *stream, name string) (any, bool) {
	g := p.programOf(st)
	if g == nil || name != "sent" {
		return nil, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sent, true
}

// closePrograms ends those of all parties.
func (w *world) closePrograms() {
	for _, p := range w.parties {
		p.mu.Lock()
		var all []*program
		for _, g := range p.programs {
			all = append(all, g)
		}
		p.mu.Unlock()
		for _, g := range all {
			g.close()
		}
	}
}
