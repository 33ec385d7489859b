package phone

import (
	"bufio"
	"context"
	"io"
	"net/netip"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// BenchmarkAnswered is a call that is answered and ended, without sound, SIPp
// calling ten at a time: allocations, and with -cpuprofile and -memprofile what the
// phone spends them on, without the caller.
func BenchmarkAnswered(b *testing.B) {
	sipp, err := exec.LookPath("sipp")
	if err != nil {
		b.Skip("needs sipp (Debian: sip-tester): 1 benchmark is skipped")
	}
	said, out := io.Pipe()
	p, err := New(Config{ID: "service", Host: netip.MustParseAddr("127.0.0.1"), AutoAnswer: true, Out: out})
	if err != nil {
		b.Fatal(err)
	}
	ctx, leave := context.WithCancel(b.Context())
	over := make(chan error, 1)
	go func() {
		over <- p.Answer(ctx)
		_ = out.Close() // never fails
	}()
	lines := bufio.NewScanner(said)
	listening := regexp.MustCompile(`listening on udp (\S+)`)
	addr := ""
	for addr == "" && lines.Scan() {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			addr = found[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // until out is closed
	b.ReportAllocs()
	b.ResetTimer()
	callers := exec.Command(sipp, "-sn", "uac", "-i", "127.0.0.1", "-nostdin", "-m", strconv.Itoa(b.N), "-d", "0", "-l", "10", "-r", "100000", addr)
	callers.Dir = b.TempDir()
	if err := callers.Run(); err != nil {
		b.Error("SIPp:", err)
	}
	b.StopTimer()
	leave()
	if err := <-over; err != nil {
		b.Error(err)
	}
}
