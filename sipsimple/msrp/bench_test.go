package msrp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"

	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// sink counts and reports like a stream, without keeping anything.
type sink struct {
	session *msrp.Session
	octets  int64
	last    chan struct{} // the whole message is here
	answer  chan struct{} // a report came
}

func (s *sink) ReceiveChunk(c *msrp.Chunk) int {
	s.octets += int64(len(c.Data))
	s.session.Report(c, 200, "")
	if c.Flag == msrp.Complete && s.last != nil {
		s.last <- struct{}{}
	}
	return 200
}

func (s *sink) ReceiveReport(msrp.Report) {
	if s.answer != nil {
		s.answer <- struct{}{}
	}
}
func (*sink) MessageSent(string)                {}
func (*sink) MessageFailed(string, int, string) {}
func (*sink) Closed(error)                      {}

// loopback is a pair of sessions over real sockets.
func loopback(b *testing.B) (from, to *sink) {
	sockets, err := stdnet.NewNet()
	if err != nil {
		b.Skip("no sockets: ", err)
	}
	cfg := msrp.Config{Net: sockets, Host: netip.MustParseAddr("127.0.0.1"), KeepAlive: -1}
	passive, err := msrp.Open(context.Background(), cfg)
	if err != nil {
		b.Skip("no sockets: ", err)
	}
	cfg.Mode = msrp.Connect
	active, err := msrp.Open(context.Background(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	from, to = &sink{}, &sink{last: make(chan struct{}, 1)}
	done := make(chan error, 1)
	go func() {
		var err error
		to.session, err = passive.Establish(context.Background(), msrp.Peer{Path: active.Path(), Active: true})
		done <- err
	}()
	if from.session, err = active.Establish(context.Background(), msrp.Peer{Path: passive.Path()}); err != nil {
		b.Fatal(err)
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	return from, to
}

const fileSize = 256 << 20

// zeros is a file that costs nothing to read.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// BenchmarkFile is a large message over loopback sockets; BenchmarkPlainTCP is what to compare it with.
func BenchmarkFile(b *testing.B) {
	from, to := loopback(b)
	from.session.Run(from)
	to.session.Run(to)
	b.SetBytes(fileSize)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		from.session.Send(msrp.Outgoing{ContentType: "x/y", Body: zeros{}, Size: fileSize, SuccessReport: true, Bulk: true})
		<-to.last
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapSys)/(1<<20), "MiB-heap")
	from.session.Close()
	to.session.Close()
	<-from.session.Done()
	<-to.session.Done()
}

// BenchmarkPlainTCP copies the same octets through the same buffers.
func BenchmarkPlainTCP(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Skip("no sockets: ", err)
	}
	b.SetBytes(fileSize)
	for b.Loop() {
		done := make(chan int64)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				close(done)
				return
			}
			n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{conn}, make([]byte, 64<<10))
			_ = conn.Close()
			done <- n
		}()
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.CopyBuffer(struct{ io.Writer }{conn}, io.LimitReader(zeros{}, fileSize), make([]byte, 64<<10))
		_ = conn.Close()
		if n := <-done; n != fileSize {
			b.Fatal(n)
		}
	}
	_ = listener.Close()
}

// BenchmarkMessages is short messages with their reports, at most 256 of them under way.
func BenchmarkMessages(b *testing.B) {
	from, to := loopback(b)
	from.answer, to.last = make(chan struct{}, 1024), nil
	from.session.Run(from)
	to.session.Run(to)
	body := []byte(fmt.Sprintf("%-50s", "hello"))
	sent, got := 0, 0
	for b.Loop() {
		from.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: body, SuccessReport: true})
		if sent++; sent-got >= 256 {
			<-from.answer
			got++
		}
	}
	for ; got < sent; got++ {
		<-from.answer
	}
	from.session.Close()
	to.session.Close()
	<-from.session.Done()
	<-to.session.Done()
}
