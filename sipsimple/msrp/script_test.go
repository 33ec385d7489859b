package msrp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// TestFirstSendWithBody: the SEND that binds the connection is a message too.
func TestFirstSendWithBody(t *testing.T) {
	inLab(t, func(l *lab) {
		e := l.open(l.config(l.alice, msrp.Listen))
		theirs, _ := msrp.ParsePath("msrp://bob.test:2855/peer;tcp")
		conn, err := l.bob.Dial("tcp", e.Path()[0].HostPort())
		if err != nil {
			t.Fatal(err)
		}
		p := &raw{t: t, conn: conn}
		p.write("MSRP abcd SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: m1234\r\nContent-Type: text/plain\r\n\r\nhi\r\n-------abcd$\r\n", e.Path(), theirs)
		r := newRecorder()
		if r.session, err = e.Establish(context.Background(), msrp.Peer{Path: theirs, Active: true}); err != nil {
			t.Fatal(err)
		}
		r.session.Run(r)
		p.expect("MSRP abcd 200 OK")
		l.expect(r, `1-2/* text/plain "hi" $`)
		r.session.Abort(nil)
		<-r.session.Done()
	})
}

// peerOf serves one connection as a script does: it waits for the binding SEND and writes what the script says.
func (l *lab) bindAgainst(answer func(tid, to, from string) string) error {
	listener, err := l.bob.CreateListenConfig(nil).Listen(context.Background(), "tcp", l.bob.Addr().String()+":2855")
	if err != nil {
		l.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		buf := make([]byte, 4096)
		n, _ := conn.Read(buf)
		lines := strings.Split(string(buf[:n]), "\r\n")
		tid := strings.Fields(lines[0])[1]
		_, _ = fmt.Fprint(conn, answer(tid, strings.TrimPrefix(lines[2], "From-Path: "), strings.TrimPrefix(lines[1], "To-Path: ")))
		time.Sleep(20 * time.Second)
		_ = conn.Close()
	}()
	e := l.open(l.config(l.alice, msrp.Connect))
	path, _ := msrp.ParsePath(fmt.Sprintf("msrp://%s:2855/peer;tcp", l.bob.Addr()))
	s, err := e.Establish(context.Background(), msrp.Peer{Path: path})
	if s != nil {
		s.Abort(nil)
		<-s.Done()
	}
	_ = listener.Close()
	<-done
	return err
}

// TestBinding: what the active side takes for an answer.
func TestBinding(t *testing.T) {
	ok := func(tid, to, from string) string {
		return fmt.Sprintf("MSRP %s 200 OK\r\nTo-Path: %s\r\nFrom-Path: %s\r\n-------%s$\r\n", tid, to, from, tid)
	}
	send := func(to, from, more string) string {
		return fmt.Sprintf("MSRP peer1 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: peer1\r\n%s-------peer1$\r\n", to, from, more)
	}
	for name, c := range map[string]struct {
		answer func(tid, to, from string) string
		want   string
	}{
		"200":           {ok, ""},
		"481":           {func(tid, to, from string) string { return strings.Replace(ok(tid, to, from), "200 OK", "481 No", 1) }, "481"},
		"both active":   {func(tid, to, from string) string { return send(to, from, "") + ok(tid, to, from) }, ""},
		"early message": {func(_, to, from string) string { return send(to, from, "Content-Type: a/b\r\n\r\nx\r\n") }, "before the connection was bound"},
		"another tid":   {func(tid, to, from string) string { return ok("other", to, from) }, "deadline"},
		"silence":       {func(_, _, _ string) string { return "" }, "deadline"},
		"HTTP":          {func(_, _, _ string) string { return "HTTP/1.1 400 Bad Request\r\n\r\n" }, "not MSRP"},
	} {
		inLab(t, func(l *lab) {
			err := l.bindAgainst(c.answer)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestDrip: a peer that sends an octet a second is cut off.
func TestDrip(t *testing.T) {
	inLab(t, func(l *lab) {
		r, p, _, _ := l.script()
		go func() {
			for _, c := range []byte("MSRP abcd SEND\r\nTo-Path: msrp://x/y;tcp\r\nFrom-Path: z\r\n") {
				if _, err := p.conn.Write([]byte{c}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		time.Sleep(32 * time.Second)
		l.expect(r, "closed: message does not get on")
		<-r.session.Done()
		_ = p.conn.Close()
		time.Sleep(time.Minute)
	})
}
