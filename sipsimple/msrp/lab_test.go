package msrp_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// recorder is a handler that writes down what it gets.
type recorder struct {
	session *msrp.Session
	codes   map[string]int // by content type, else 200
	report  bool           // send reports

	mu     sync.Mutex
	log    []string
	octets int64
}

func newRecorder() *recorder { return &recorder{codes: map[string]int{}} }

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, fmt.Sprintf(format, args...))
}

func (r *recorder) ReceiveChunk(c *msrp.Chunk) int {
	code := 200
	if other, ok := r.codes[c.ContentType]; ok {
		code = other
	}
	r.mu.Lock()
	r.octets += int64(len(c.Data))
	r.mu.Unlock()
	if len(c.Data) <= 40 {
		r.note("%s %s %q %c", c.Range, c.ContentType, c.Data, flagOr(c.Flag))
	}
	if r.report {
		r.session.Report(c, code, "")
	}
	return code
}

func flagOr(f msrp.Continuation) rune {
	if f == 0 {
		return '.'
	}
	return rune(f)
}

func (r *recorder) ReceiveReport(p msrp.Report) {
	r.note("report %s %d %s", p.Range, p.Code, p.Comment)
}
func (r *recorder) MessageSent(id string) { r.note("sent") }
func (r *recorder) Closed(err error)      { r.note("closed: %v", err) }
func (r *recorder) MessageFailed(_ string, code int, comment string) {
	r.note("failed %d %s", code, comment)
}

func (r *recorder) received() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.octets
}

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log
	r.log = nil
	return log
}

// lab is two hosts and what their sessions need.
type lab struct {
	t          testing.TB
	net        *simnet.Network
	alice, bob *simnet.Host
}

func inLab(t testing.TB, body func(l *lab)) {
	t.Helper()
	err := simnet.Bubble(func() {
		l := &lab{t: t, net: simnet.New(1)}
		defer l.net.Close()
		l.alice, _ = l.net.Host("alice", netip.Addr{})
		l.bob, _ = l.net.Host("bob", netip.Addr{})
		body(l)
	})
	if err != nil {
		t.Error(err)
	}
}

func (l *lab) config(host *simnet.Host, mode msrp.Mode) msrp.Config {
	return msrp.Config{
		Net: host, Host: host.Addr(), Mode: mode, KeepAlive: -1,
		Rand: rand.NewChaCha8([32]byte([]byte(fmt.Sprintf("%-32s", host.Name())))),
	}
}

func (l *lab) open(cfg msrp.Config) *msrp.Endpoint {
	l.t.Helper()
	e, err := msrp.Open(context.Background(), cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	return e
}

// pair connects bob to alice, who listens.
func (l *lab) pair(change ...func(*msrp.Config)) (a, b *recorder) {
	l.t.Helper()
	ca, cb := l.config(l.alice, msrp.Listen), l.config(l.bob, msrp.Connect)
	for _, f := range change {
		f(&ca)
		f(&cb)
	}
	ea, eb := l.open(ca), l.open(cb)
	defer ea.Close()
	defer eb.Close()
	a, b = newRecorder(), newRecorder()
	var err error
	var group sync.WaitGroup
	group.Go(func() {
		a.session, err = ea.Establish(context.Background(), msrp.Peer{Path: eb.Path(), Active: true, Fingerprint: eb.Fingerprint()})
	})
	var err2 error
	b.session, err2 = eb.Establish(context.Background(), msrp.Peer{Path: ea.Path(), Fingerprint: ea.Fingerprint()})
	group.Wait()
	if err != nil || err2 != nil {
		l.t.Fatal(err, err2)
	}
	a.session.Run(a)
	b.session.Run(b)
	return a, b
}

// close ends sessions and waits for them.
func (l *lab) close(list ...*recorder) {
	for _, r := range list {
		r.session.Close()
	}
	for _, r := range list {
		<-r.session.Done()
	}
}

func (l *lab) expect(r *recorder, want ...string) {
	l.t.Helper()
	if got := r.take(); !slices.Equal(got, want) {
		l.t.Errorf("got\n %s\nwant\n %s", strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

// raw is a scripted peer: octets of a TCP connection.
type raw struct {
	t    testing.TB
	conn net.Conn
}

// script establishes a session at alice's with a scripted peer that has the path.
func (l *lab) script(change ...func(*msrp.Config)) (*recorder, *raw, msrp.Path, msrp.Path) {
	l.t.Helper()
	cfg := l.config(l.alice, msrp.Listen)
	for _, f := range change {
		f(&cfg)
	}
	e := l.open(cfg)
	theirs, _ := msrp.ParsePath("msrp://bob.test:2855/peer;tcp")
	conn, err := l.bob.Dial("tcp", e.Path()[0].HostPort())
	if err != nil {
		l.t.Fatal(err)
	}
	p := &raw{t: l.t, conn: conn}
	p.write("MSRP bind0 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: bind0\r\nByte-Range: 1-0/0\r\n-------bind0$\r\n", e.Path(), theirs)
	r := newRecorder()
	if r.session, err = e.Establish(context.Background(), msrp.Peer{Path: theirs, Active: true}); err != nil {
		l.t.Fatal(err)
	}
	r.session.Run(r)
	p.expect("MSRP bind0 200 OK")
	return r, p, e.Path(), theirs
}

func (p *raw) write(format string, args ...any) {
	if _, err := fmt.Fprintf(p.conn, format, args...); err != nil {
		p.t.Error(err)
	}
}

// read returns all that comes within a time.
func (p *raw) read(d time.Duration) string {
	_ = p.conn.SetReadDeadline(time.Now().Add(d))
	data, err := io.ReadAll(p.conn)
	text := string(data)
	if err == nil {
		text += "EOF"
	}
	return text
}

func (p *raw) expect(want string) {
	p.t.Helper()
	if got := p.read(time.Second); !strings.Contains(got, want) {
		p.t.Errorf("got %q, want %q", got, want)
	}
}
