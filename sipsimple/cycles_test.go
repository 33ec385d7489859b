package sipsimple_test

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// cycles is how often the tests of this file do the same thing: 2000 times, or as
// often as CALLFLOW_CYCLES says.
func cycles(t *testing.T) int {
	text := os.Getenv("CALLFLOW_CYCLES")
	if text == "" {
		return 2000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < measurements {
		t.Fatalf("CALLFLOW_CYCLES=%s: want a number of %d at least", text, measurements)
	}
	return n
}

// measurements is how often the heap is looked at; the first quarter is to get warm.
const measurements = 20

// repeat does something many times and measures what is left of it: the heap does
// not grow, no goroutine stays, and each thing happens as long after its beginning
// as it did the first time, which once tells. kinds is after how many times the
// same comes again.
func repeat(t *testing.T, kinds int, once func(i int) time.Duration) {
	n := cycles(t)
	first := make([]time.Duration, kinds)
	var heap []int64
	goroutines := 0
	for i := range n {
		took := once(i)
		if i < kinds {
			first[i] = took
		} else if drift := took - first[i%kinds]; drift.Abs() > time.Millisecond {
			t.Fatalf("cycle %d took %v, the first of its kind %v", i, took, first[i%kinds])
		}
		if (i+1)%(n/measurements) > 0 {
			continue
		}
		pass(time.Minute) // transactions and dialogs that are over are kept for 32 s
		if now := runtime.NumGoroutine(); goroutines == 0 {
			goroutines = now
		} else if now > goroutines+4 { // that of finalizers comes and goes
			t.Errorf("after %d cycles there are %d goroutines, there were %d", i+1, now, goroutines)
		}
		heap = append(heap, heapInUse())
	}
	warm := heap[len(heap)/4:]
	perCycle := slope(warm) / float64(n/measurements)
	t.Logf("%d cycles, %d kB in use, %+.1f octets a cycle", n, heap[len(heap)-1]>>10, perCycle)
	// Some tables have not got their size yet: that shrinks with the number of cycles.
	if limit := 2 + 64<<10/float64(n); perCycle > limit {
		t.Errorf("the heap grows by %.1f octets a cycle, more than %.1f: %d", perCycle, limit, heap)
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what the first has found by finalizers and pools
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// slope is by how much values grow from one to the next: the median of the slopes of
// all pairs, which no single outlier moves.
func slope(values []int64) float64 {
	var all []float64
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			all = append(all, float64(values[j]-values[i])/float64(j-i))
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// TestCallsLeaveNothing: calls that are answered, hung up by either side, refused and
// cancelled, thousands of them (reliability I36).
func TestCallsLeaveNothing(t *testing.T) {
	inLab(t, func(l *lab) {
		alice, bob := l.party("alice"), l.party("bob")
		repeat(t, 4, func(i int) time.Duration {
			began, stream := time.Now(), alice.audio().(*streams.AudioStream)
			call := alice.call("bob", stream)
			accept := func() {
				s := bob.session()
				must(t, s.Accept(s.ProposedStreams(), nil))
				pass(time.Second)
				if sent := stream.Totals().TX.Packets; sent < 48 || sent > 51 {
					t.Errorf("call %d: %d packets in a second", i, sent)
				}
			}
			pass(100 * time.Millisecond)
			switch i % 4 {
			case 0:
				accept()
				call.End()
			case 1:
				accept()
				bob.session().End()
			case 2:
				must(t, bob.session().Reject(486, ""))
			case 3:
				call.End()
			}
			pass(time.Second)
			if call.State() != sipsimple.Terminated || bob.session().State() != sipsimple.Terminated {
				t.Fatalf("call %d: alice is %s, bob %s", i, call.State(), bob.session().State())
			}
			bob.forget()
			return alice.forget().Sub(began)
		})
		stop(alice, bob)
	})
}

// TestStartsAndStopsLeaveNothing: an application that starts from a storage,
// registers, gives the registration back and stops, thousands of times (reliability I36).
func TestStartsAndStopsLeaveNothing(t *testing.T) {
	inLab(t, func(l *lab) {
		st := stored("alice@reg.test auth.password=secret")
		repeat(t, 1, func(i int) time.Duration {
			began := time.Now()
			server := l.registrar("reg")
			p := l.phone("alice", st)
			p.start()
			pass(time.Second)
			if n := len(server.Bindings()); n != 1 {
				t.Fatalf("start %d: %d bindings", i, n)
			}
			registered := p.all[len(p.all)-1].Timestamp.Sub(began)
			began = time.Now()
			p.stop()
			ended := time.Since(began)
			if n := len(server.Bindings()); n != 0 {
				t.Fatalf("stop %d: %d bindings are left", i, n)
			}
			server.Close()
			return registered + ended
		})
	})
}
