package script

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/wirefields"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// msrpLine is the MSRP of one m-line: the connection, and what has come over it.
// The party listens as soon as a description of its own says so.
type msrpLine struct {
	party  *Party
	dialog *dialog
	index  int
	port   int // where we listen, 0 if we connect

	dialing bool
	err     error // of dialing
	conn    *msrpConn
	unread  []*Received
	open    []*Received // requests without an answer
	last    *Received   // SEND, for REPORTs
}

// msrpConn is a connection, with a reader and a writer.
type msrpConn struct {
	line   *msrpLine
	conn   net.Conn
	reader wirefields.MSRP
	sent   map[string]string // methods of our requests, by transaction
	queue  chan []byte
	paused chan struct{} // not nil: the reader waits until it is closed
}

// lines are those of the party.
type lines struct {
	all       []*msrpLine
	listeners map[int]net.Listener // by port
}

// isMSRP tells whether a line is one that a connection belongs to.
func isMSRP(line *psdp.MediaDescription) bool {
	return sdp.Alive(line) && strings.Contains(strings.ToUpper(sdp.Protocol(line)), "MSRP")
}

// listenMSRP listens for the lines of a description that let the peer connect.
func (p *Party) listenMSRP(d *dialog, description *psdp.SessionDescription) error {
	for i, line := range description.MediaDescriptions {
		setup, _ := line.Attribute("setup")
		if !isMSRP(line) || setup == "active" {
			continue
		}
		l := p.lineOf(d, i)
		l.port = line.MediaName.Port.Value
		if p.lines.listeners[l.port] != nil {
			continue
		}
		listener, err := p.cfg.Net.ListenTCP("tcp", &net.TCPAddr{IP: p.cfg.Host.AsSlice(), Port: l.port})
		if err != nil {
			return fmt.Errorf("listening for MSRP: %w", err)
		}
		if p.lines.listeners == nil {
			p.lines.listeners = map[int]net.Listener{}
		}
		p.lines.listeners[l.port] = listener
		secure := isSecure(line)
		p.work.Go(func() { p.acceptMSRP(l.port, listener, secure) })
	}
	return nil
}

func isSecure(line *psdp.MediaDescription) bool {
	return strings.Contains(strings.ToUpper(sdp.Protocol(line)), "TLS")
}

func (p *Party) acceptMSRP(port int, listener net.Listener, secure bool) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if !secure {
			p.takeMSRP(port, conn)
			continue
		}
		p.work.Go(func() {
			if conn, err := p.shakeHands(conn, tls.Server); err == nil {
				p.takeMSRP(port, conn)
			}
		})
	}
}

// takeMSRP gives a connection to the line that waits for one.
func (p *Party) takeMSRP(port int, conn net.Conn) {
	p.mu.Lock()
	taken := false
	for _, l := range slices.Backward(p.lines.all) {
		if l.port == port && l.conn == nil && !p.closed {
			l.attach(conn)
			taken = true
			break
		}
	}
	p.wake()
	p.mu.Unlock()
	p.tell()
	if !taken {
		_ = conn.Close()
	}
}

// shakeHands makes a TLS connection. A script shows its certificate, asks for
// that of the peer, and takes any.
func (p *Party) shakeHands(conn net.Conn, side func(net.Conn, *tls.Config) *tls.Conn) (net.Conn, error) {
	cfg := &tls.Config{}
	if p.cfg.TLS != nil {
		cfg = p.cfg.TLS.Clone()
	}
	cfg.InsecureSkipVerify, cfg.ClientAuth, cfg.ClientCAs = true, tls.RequestClientCert, nil
	secure := side(conn, cfg)
	ctx, cancel := context.WithTimeout(context.Background(), dialLimit)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secure, nil
}

// dialLimit bounds connecting, and the handshake.
const dialLimit = 30 * time.Second

// lineOf is the record of an m-line, made when it is new.
func (p *Party) lineOf(d *dialog, index int) *msrpLine {
	for _, l := range p.lines.all {
		if l.dialog == d && l.index == index {
			return l
		}
	}
	l := &msrpLine{party: p, dialog: d, index: index}
	p.lines.all = append(p.lines.all, l)
	return l
}

// lineNamed finds the m-line that a step speaks of: by the name that the script
// gave it, else the so-manieth name of a type is the so-manieth line of it.
func (p *Party) lineNamed(d *dialog, name string) (*msrpLine, error) {
	if i := slices.Index(d.media.names, name); i >= 0 {
		return p.lineOf(d, i), nil
	}
	kind, nth := p.streamType(name), 0
	var names []string
	for other, def := range p.cfg.Streams {
		if def.Type == kind {
			names = append(names, other)
		}
	}
	slices.Sort(names)
	nth = max(slices.Index(names, name), 0)
	for _, description := range []*psdp.SessionDescription{d.media.received, d.media.sent} {
		if description == nil {
			continue
		}
		left := nth
		for i, line := range description.MediaDescriptions {
			if wirefields.StreamType(line) == kind {
				if left--; left < 0 {
					return p.lineOf(d, i), nil
				}
			}
		}
	}
	return nil, fmt.Errorf("%s has no line %s", p.cfg.Name, name)
}

// path is what one of the descriptions says of the line.
func (l *msrpLine) path(description *psdp.SessionDescription) string {
	if description == nil || l.index >= len(description.MediaDescriptions) {
		return ""
	}
	text, _ := description.MediaDescriptions[l.index].Attribute("path")
	return text
}

// connect begins to connect to the first hop of the peer's path.
func (l *msrpLine) connect() error {
	switch {
	case l.err != nil:
		return l.err
	case l.dialing || l.conn != nil:
		return nil
	}
	path, err := msrp.ParsePath(l.path(l.dialog.media.received))
	if err != nil {
		return fmt.Errorf("the peer's path: %w", err)
	}
	l.dialing = true
	p := l.party
	p.work.Go(func() {
		conn, err := p.cfg.Net.CreateDialer(&net.Dialer{Timeout: dialLimit}).Dial("tcp", path[0].HostPort())
		if err == nil && path[0].Secure {
			conn, err = p.shakeHands(conn, tls.Client)
		}
		defer p.tell()
		p.mu.Lock()
		defer p.mu.Unlock()
		switch l.dialing = false; {
		case err != nil:
			l.err = err
		case p.closed:
			_ = conn.Close()
		default:
			l.attach(conn)
		}
		p.wake()
	})
	return nil
}

// attach gives the line its connection.
func (l *msrpLine) attach(conn net.Conn) {
	c := &msrpConn{line: l, conn: conn, sent: map[string]string{}, queue: make(chan []byte, 1024)}
	if _, secure := conn.(*tls.Conn); secure {
		c.reader.Transport = "tls"
	}
	if trace := l.party.cfg.TraceMSRP; trace != nil {
		c.conn = msrp.TraceConn(conn, trace)
	}
	c.reader.Emit = c.got
	c.reader.Requests = func(tid string) string { return c.sent[tid] } // called by read, which holds the lock
	l.conn = c
	l.party.work.Go(c.read)
	l.party.work.Go(c.write)
}

func (c *msrpConn) write() {
	for b := range c.queue {
		if b == nil {
			if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			continue
		}
		if _, err := c.conn.Write(b); err != nil {
			_ = c.conn.Close()
		}
	}
	_ = c.conn.Close()
}

// read reads until the end, which it offers as FIN or RST.
func (c *msrpConn) read() {
	p := c.line.party
	buf := make([]byte, 64<<10)
	for {
		n, err := c.conn.Read(buf)
		p.mu.Lock()
		if n > 0 && c.reader.Feed(buf[:n]) != nil {
			c.offer(map[string]any{"method": "UNREADABLE"})
		}
		paused := c.paused
		timeout := errors.Is(err, os.ErrDeadlineExceeded)
		if err != nil && !timeout {
			end := "RST"
			if err.Error() == "EOF" {
				end = "FIN"
			}
			c.offer(map[string]any{"method": end})
		}
		p.wake()
		p.mu.Unlock()
		p.tell()
		switch {
		case timeout && paused != nil:
			<-paused
			_ = c.conn.SetReadDeadline(time.Time{})
		case err != nil && !timeout:
			return
		}
	}
}

// got takes up a message; the reader holds the lock.
func (c *msrpConn) got(fields map[string]any) {
	p := c.line.party
	method, _ := fields["method"].(string)
	_, isAnswer := fields["code"]
	r := &Received{At: time.Now(), Fields: fields, line: c.line}
	switch {
	case isAnswer && p.auto(method), !isAnswer && p.ignored(method), !isAnswer && method == "REPORT" && p.auto(method):
		return
	case !isAnswer && p.auto(method):
		c.answer(r, 200, nil, nil)
		return
	}
	if !isAnswer && method != "REPORT" {
		c.line.open = append(c.line.open, r)
		c.line.last = r
	}
	c.line.unread = append(c.line.unread, r)
}

// offer puts what is no message before the script.
func (c *msrpConn) offer(fields map[string]any) {
	c.line.unread = append(c.line.unread, &Received{At: time.Now(), Fields: fields, line: c.line})
}

// put queues octets; what cannot be queued is lost. The party's lock is held.
func (c *msrpConn) put(b []byte) {
	if c.line.party.closed {
		return
	}
	select {
	case c.queue <- b:
	default:
	}
}

// tell says that something new can be received; no lock is held.
func (p *Party) tell() {
	if p.cfg.Changed != nil {
		p.cfg.Changed()
	}
}

// closeMSRP ends everything of MSRP; the party's lock is held.
func (p *Party) closeMSRP() {
	for _, listener := range p.lines.listeners {
		_ = listener.Close()
	}
	for _, l := range p.lines.all {
		if l.conn == nil {
			continue
		}
		if l.conn.paused != nil {
			close(l.conn.paused)
			l.conn.paused = nil
		}
		close(l.conn.queue)
		_ = l.conn.conn.Close()
	}
}

// unreadMSRP is what the script has not received, the ends of connections
// excepted.
func (p *Party) unreadMSRP() []*Received {
	var list []*Received
	for _, l := range p.lines.all {
		for _, r := range l.unread {
			if r.Fields["method"] != "FIN" && r.Fields["method"] != "RST" {
				list = append(list, r)
			}
		}
	}
	return list
}
