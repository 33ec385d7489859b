package msrp

import (
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
)

// slowToClose takes its time.
type slowToClose struct {
	net.Conn
	may chan struct{}
}

func (c *slowToClose) Close() error {
	<-c.may
	return c.Conn.Close()
}

// TestDoneWhenClosed: a session is not over before its connection is closed,
// whoever closes it.
func TestDoneWhenClosed(t *testing.T) {
	path, err := ParsePath("msrp://alice.test:2855/one;tcp")
	if err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func(s *Session, peer net.Conn){
		"the peer closes": func(_ *Session, peer net.Conn) { _ = peer.Close() },
		"we close":        func(s *Session, _ net.Conn) { s.Close() },
		"we give up":      func(s *Session, _ net.Conn) { s.Abort(nil) },
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, peer := net.Pipe()
			conn := &slowToClose{ours, make(chan struct{})}
			s := newSession(sessionConfig{conn: conn, log: slog.New(slog.DiscardHandler), paths: newPaths(path, path, nil)})
			end(s, peer)
			synctest.Wait()
			select {
			case <-s.Done():
				t.Errorf("%s: it is done, and the connection is open", name)
			default:
			}
			close(conn.may)
			<-s.Done()
			_ = peer.Close()
		})
	}
}
