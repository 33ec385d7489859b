package streams_test

import (
	"crypto/sha1" //nolint:gosec // the hash of RFC 5547
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/internal/cputime"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

type localOwner struct{}

func (localOwner) Transport() string         { return "udp" }
func (localOwner) LocalIP() netip.Addr       { return netip.MustParseAddr("127.0.0.1") }
func (localOwner) Account() *account.Account { return &account.Account{ID: "a@example.test"} }

// sockets is an environment on the real network whose notifications go to a function.
func sockets(b *testing.B, observe func(notification.Notification)) *streams.Environment {
	real, err := stdnet.NewNet()
	if err != nil {
		b.Skip("no sockets: ", err)
	}
	center := notification.NewCenter(nil)
	center.AddObserver(notification.ObserverFunc(observe))
	return &streams.Environment{Center: center, Net: real}
}

// connect starts a stream and its counterpart over loopback.
func connect(b *testing.B, stream streams.MediaStream, env *streams.Environment) streams.MediaStream {
	check(b, stream.Initialize(localOwner{}, streams.Outgoing))
	describe := func(s streams.MediaStream) *sdp.SessionDescription {
		line, err := s.LocalMedia(true)
		if err != nil {
			b.Fatal(err)
		}
		d := callsdp.NewSession("lab", localOwner{}.LocalIP(), 1)
		d.MediaDescriptions = []*sdp.MediaDescription{line}
		return d
	}
	offer := describe(stream)
	far, err := allStreams().NewFromSDP(env, offer, 0)
	if err != nil {
		b.Fatal(err)
	}
	if file, ok := far.(*streams.FileTransferStream); ok {
		file.SaveTo(io.Discard)
	}
	check(b, far.Initialize(localOwner{}, streams.Incoming))
	answer := describe(far)
	check(b, stream.Start(offer, answer, 0))
	check(b, far.Start(answer, offer, 0))
	return far
}

// BenchmarkChatLoopback is messages between two streams over sockets, each one wrapped, reported and notified.
func BenchmarkChatLoopback(b *testing.B) {
	var delivered atomic.Int64
	wake := make(chan struct{}, 1)
	env := sockets(b, func(n notification.Notification) {
		switch n.Data.(type) {
		case streams.ChatStreamDidDeliverMessage, streams.MediaStreamDidStart:
			delivered.Add(1)
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	})
	chat := streams.NewChatStream(env)
	far := connect(b, chat, env)
	for delivered.Load() < 2 {
		<-wake
	}
	sent := int64(2)
	body := []byte("hello, this is a message of ordinary size, no more")
	b.ReportAllocs()
	for b.Loop() {
		for sent-delivered.Load() > 256 {
			<-wake
		}
		if _, err := chat.SendMessage(body, nil); err != nil {
			b.Fatal(err)
		}
		sent++
	}
	for delivered.Load() < sent {
		<-wake
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	endBoth(chat, far)
}

func endBoth(list ...streams.MediaStream) {
	for _, s := range list {
		s.Deactivate()
	}
	for _, s := range list {
		s.End()
		<-s.(interface{ Done() <-chan struct{} }).Done()
	}
}

const benchFile = 1 << 30

// BenchmarkFileLoopback is a gigabyte over sockets, with all reports and notifications, thrown away at the end, with a
// hash to check and without. Compare it with BenchmarkTCPCopy of the same name, on a busy machine in processor time: without
// a hash it is some 60 % of the copy. With one both are as fast as SHA-1 is, which no second core makes faster.
func BenchmarkFileLoopback(b *testing.B) {
	b.Run("plain", func(b *testing.B) { fileLoopback(b, "") })
	b.Run("hashed", func(b *testing.B) {
		h := sha1.New() //nolint:gosec // the hash of RFC 5547
		_, _ = io.Copy(h, io.LimitReader(&pattern{}, benchFile))
		fileLoopback(b, fmt.Sprintf("sha-1:% X", h.Sum(nil)))
	})
}

// pattern is a file that costs a copy to read.
type pattern struct{ at int }

var patternOctets = func() []byte {
	octets := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(octets)
	return octets
}()

func (p *pattern) Read(b []byte) (int, error) {
	n := copy(b, patternOctets[p.at:])
	p.at = (p.at + n) % len(patternOctets)
	return n, nil
}

func fileLoopback(b *testing.B, hash string) {
	hash = strings.ReplaceAll(hash, " ", ":")
	finished := make(chan struct{}, 2)
	failed := make(chan string, 2)
	env := sockets(b, func(n notification.Notification) {
		switch data := n.Data.(type) {
		case streams.FileTransferStreamDidFinish:
			finished <- struct{}{}
		case streams.MediaStreamDidFail:
			failed <- data.Reason
		}
	})
	b.SetBytes(benchFile)
	defer cputime.Report(b)()
	var peak uint64
	for b.Loop() {
		file, err := streams.NewFileTransferStream(env, streams.FileSelector{Name: "f", Size: benchFile, Hash: hash, Content: &pattern{}}, callsdp.SendOnly)
		check(b, err)
		far := connect(b, file, env)
		for range 2 {
			select {
			case <-finished:
			case reason := <-failed:
				b.Fatal(reason)
			case <-time.After(time.Minute):
				b.Fatal("too slow")
			}
		}
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		peak = max(peak, stats.HeapSys-stats.HeapReleased)
		endBoth(file, far)
	}
	b.ReportMetric(float64(peak)/(1<<20), "MiB")
}

// BenchmarkTCPCopy is the same octets through a plain connection and, as those of a message have to, through buffers of the
// process (io.Copy's, 32 KiB): the system could do without (sendfile, splice). The hash is computed by who receives.
func BenchmarkTCPCopy(b *testing.B) {
	b.Run("plain", func(b *testing.B) { copyLoopback(b, io.Discard) })
	b.Run("hashed", func(b *testing.B) { copyLoopback(b, sha1.New()) }) //nolint:gosec // as above
}

func copyLoopback(b *testing.B, to io.Writer) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Skip("no sockets: ", err)
	}
	b.SetBytes(benchFile)
	defer cputime.Report(b)()
	for b.Loop() {
		done := make(chan int64)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				close(done)
				return
			}
			n, _ := io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{conn})
			_ = conn.Close()
			done <- n
		}()
		conn, err := net.Dial("tcp", listener.Addr().String())
		check(b, err)
		_, _ = io.Copy(struct{ io.Writer }{conn}, io.LimitReader(&pattern{}, benchFile))
		_ = conn.Close()
		if n := <-done; n != benchFile {
			b.Fatal(n)
		}
	}
	_ = listener.Close()
}
