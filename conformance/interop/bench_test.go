package interop

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// tick is the unit of processor time in /proc.
const tick = 10 * time.Millisecond

// cpu is the processor time of the program so far, user and system.
func (p *process) cpu() time.Duration {
	p.t.Helper()
	fields := strings.Fields(p.proc("stat"))
	user, err1 := strconv.Atoi(fields[13])
	system, err2 := strconv.Atoi(fields[14])
	if err1 != nil || err2 != nil {
		p.t.Fatal(err1, err2)
	}
	return time.Duration(user+system) * tick
}

// resident is the memory of the program that is in use and no file, in kB.
func (p *process) resident() float64 {
	p.t.Helper()
	_, after, _ := strings.Cut(p.proc("status"), "RssAnon:")
	kb, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return float64(kb)
}

func (p *process) proc(file string) string {
	p.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

// BenchmarkAnswering is the processor time of an answered call without sound: of
// `callflow phone` and of SIPp's own answering side, under the same load, ten
// calls at a time.
func BenchmarkAnswering(b *testing.B) {
	const calls = 3000
	need(b, "sipp", "sip-tester")
	phone, addr := startPhone(b)
	theirs, port := startSIPp(b, "uas", 2*calls*b.N, "-timeout", "3600")
	perCall := func(p *process, at string) float64 {
		before := p.cpu()
		sipp, _ := startSIPp(b, "uac", calls, "-d", "0", "-l", "10", "-r", "100000", at)
		sipp.succeeds()
		return float64((p.cpu() - before).Microseconds()) / calls
	}
	var us, them float64
	for range b.N {
		us += perCall(phone, addr)
		them += perCall(theirs, address(port))
	}
	b.ReportMetric(us/float64(b.N), "µs/call")
	b.ReportMetric(them/float64(b.N), "SIPp-µs/call")
	b.ReportMetric(us/them, "ratio")
}

// BenchmarkIdleSession is the memory of an established call of `callflow phone`
// in which nothing is heard: with 1000 of them, 6 s after the last was answered;
// what is left of all 40 s after they have ended; and how much more that is after
// 1000 others. The first is what the Go runtime has once made room for and the
// second what calls leave behind. A run takes three minutes.
func BenchmarkIdleSession(b *testing.B) {
	const calls = 1000
	need(b, "sipp", "sip-tester")
	for range b.N {
		phone, addr := startPhone(b)
		phone.prints("waiting for calls")
		before := phone.resident()
		standing, left := idleCalls(b, phone, addr, calls, calls)
		_, later := idleCalls(b, phone, addr, calls, 2*calls)
		b.ReportMetric((standing-before)/calls, "kB/session")
		b.ReportMetric(left-before, "kB-left")
		b.ReportMetric(later-left, "kB-more-left")
	}
}

// idleCalls places so many calls and returns the memory of the phone with all of
// them, and after them. total is how many it has had then.
func idleCalls(b *testing.B, phone *process, addr string, calls, total int) (standing, left float64) {
	b.Helper()
	sipp, _ := startSIPp(b, "uac", calls, "-d", "25000", "-l", strconv.Itoa(calls), "-r", "200", addr)
	phone.printsTimes("talking with", total)
	<-time.After(6 * time.Second)
	standing = phone.resident()
	sipp.succeeds()
	<-time.After(40 * time.Second)
	return standing, phone.resident()
}

// BenchmarkCallMinutes is how many minutes of calls, PCMU both ways, a second of
// processor time is enough for: of `callflow phone` and of baresip, each with the
// same 100 callers for 5 s.
func BenchmarkCallMinutes(b *testing.B) {
	wave := strings.TrimPrefix(tone(b), "aufile,")
	peer := startBaresip(b, "aufile,"+wave, "audio_codecs=PCMU")
	phone, addr := startPhone(b, "--play", wave)
	var us, them float64
	for range b.N {
		us += callMinutes(b, phone, "sip:service@"+addr)
		them += callMinutes(b, peer.process, peer.uri())
	}
	b.ReportMetric(us/float64(b.N), "min/s")
	b.ReportMetric(them/float64(b.N), "baresip-min/s")
	b.ReportMetric(us/them, "ratio")
}

func callMinutes(b *testing.B, p *process, uri string) float64 {
	const calls, length = 100, 5 * time.Second
	caller := newParty(b, 600, pcmu)
	defer caller.stop()
	port, err := strconv.Atoi(uri[strings.LastIndex(uri, ":")+1:])
	if err != nil {
		b.Fatal(err)
	}
	var sessions []*sipsimple.Session
	var sound []*streams.AudioStream
	for range calls {
		sessions = append(sessions, caller.call(uri, port))
		_, stream := caller.stands()
		sound = append(sound, stream)
	}
	before := p.cpu()
	<-time.After(length)
	used := p.cpu() - before
	for _, s := range sound {
		if got := s.Totals().RX.Packets; got < uint64(length/(20*time.Millisecond))/2 {
			b.Errorf("%s: a call has received %d packets only", uri, got)
		}
	}
	for _, s := range sessions {
		s.End()
		caller.ended(sipsimple.Local)
	}
	return calls * length.Minutes() / used.Seconds()
}
