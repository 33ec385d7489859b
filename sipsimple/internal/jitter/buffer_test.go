package jitter_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/internal/jitter"
)

// play pushes the packets of each turn, then pops once, and prints what was
// played: a number, c for concealed, . for silence, j for a join.
func play(b *jitter.Buffer, turns ...[]int) string {
	var out []string
	for _, turn := range turns {
		for _, seq := range turn {
			b.Push(jitter.Packet{Seq: uint16(seq), Payload: []byte(fmt.Sprint(seq))})
		}
		p, verdict := b.Pop()
		switch verdict {
		case jitter.Silence:
			out = append(out, ".")
		case jitter.Conceal:
			out = append(out, "c")
		case jitter.Join:
			out = append(out, "j"+string(p.Payload))
		default:
			out = append(out, string(p.Payload))
		}
	}
	return strings.Join(out, " ")
}

func TestBuffer(t *testing.T) {
	for _, c := range []struct {
		name     string
		turns    [][]int
		want     string
		counters jitter.Counters
	}{
		{"nothing", [][]int{{}, {}}, ". .", jitter.Counters{}},
		{"in time", [][]int{{}, {1}, {2}, {3}}, ". 1 2 3", jitter.Counters{}},
		{"around zero", [][]int{{65535}, {0}, {1}}, "65535 0 1", jitter.Counters{}},
		{"one lost", [][]int{{1}, {}, {3}, {4}}, "1 c 3 4", jitter.Counters{Lost: 1}},
		{"two lost", [][]int{{1}, {}, {}, {4}, {5}}, "1 c c 4 5", jitter.Counters{Lost: 2}},
		{"one late: the delay grows", [][]int{{1}, {}, {2, 3}, {4}, {5}}, "1 c 2 3 4", jitter.Counters{}},
		{"lost with the next one there", [][]int{{1, 3}, {4}, {5}, {6}}, "1 c 3 4", jitter.Counters{Lost: 1}},
		{"overtaken", [][]int{{1}, {3}, {2}, {4}}, "1 c 2 3", jitter.Counters{Reordered: 1}},
		{"too late", [][]int{{1}, {3}, {4}, {2}}, "1 c 3 4", jitter.Counters{Lost: 1, Reordered: 1, Discarded: 1}},
		{"duplicates", [][]int{{1, 1}, {1, 2, 2}, {3}}, "1 2 3", jitter.Counters{Duplicate: 3}},
		{"a jump needs two", [][]int{{1}, {5000}, {2}, {3}, {9000, 9001}, {9002}}, "1 c 2 3 9001 9002", jitter.Counters{Discarded: 2}},
		{"in a row", [][]int{{1}, {5000}, {2}, {5001}, {3}, {4}}, "1 c 2 c 3 4", jitter.Counters{Discarded: 2}},
	} {
		b := jitter.NewBuffer()
		if got := play(b, c.turns...); got != c.want {
			t.Errorf("%s: played %s, want %s", c.name, got, c.want)
		}
		if b.Counters != c.counters {
			t.Errorf("%s: counted %+v, want %+v", c.name, b.Counters, c.counters)
		}
	}
}

// TestBufferIsBounded: a burst after a stall leaves at most half a second.
func TestBufferIsBounded(t *testing.T) {
	b := jitter.NewBuffer()
	for i := range 60 {
		b.Push(jitter.Packet{Seq: uint16(i)})
	}
	if b.Len() != 25 || b.Discarded != 60-25 {
		t.Errorf("%d packets wait, %+v", b.Len(), b.Counters)
	}
}

// TestBufferShrinks: what always waits is left out, one packet in 3 s.
func TestBufferShrinks(t *testing.T) {
	b := jitter.NewBuffer()
	for i := range 3 {
		b.Push(jitter.Packet{Seq: uint16(i)})
	}
	joins := 0
	for i := 3; i < 600; i++ {
		if _, verdict := b.Pop(); verdict == jitter.Join {
			joins++
		}
		b.Push(jitter.Packet{Seq: uint16(i)})
	}
	if joins != 2 || b.Len() != 1 {
		t.Errorf("%d packets left out, %d wait", joins, b.Len())
	}
}

// TestBufferLeavesOutNothingBeforeAGap: two packets in a row would be missing then.
func TestBufferLeavesOutNothingBeforeAGap(t *testing.T) {
	b := jitter.NewBuffer()
	push := func(seq int) { b.Push(jitter.Packet{Seq: uint16(seq)}) }
	push(0)
	push(1)
	for seq := range 148 {
		b.Pop()
		push(seq + 2)
	}
	b.Pop()
	push(151) // 150 is missing, when it would be time to leave 149 out
	if p, verdict := b.Pop(); verdict != jitter.Play || p.Seq != 149 {
		t.Errorf("verdict %d", verdict)
	}
	if _, verdict := b.Pop(); verdict != jitter.Conceal {
		t.Errorf("then verdict %d", verdict)
	}
}

// TestBufferAfterStall: half a second that came at once is caught up with within 10 s (compare P20), at no more than
// three packets a second.
func TestBufferAfterStall(t *testing.T) {
	b := jitter.NewBuffer()
	for i := range 25 {
		b.Push(jitter.Packet{Seq: uint16(i)})
	}
	pops, last := 0, -1000
	for i := 25; b.Len() > 2; i++ {
		if _, verdict := b.Pop(); verdict == jitter.Join {
			if pops-last < 15 {
				t.Errorf("two packets are left out within %d", pops-last)
			}
			last = pops
		}
		pops++
		b.Push(jitter.Packet{Seq: uint16(i)})
	}
	if pops > 500 {
		t.Errorf("it takes %d packets until only two wait", pops)
	}
	t.Logf("%d packets", pops)
}

// TestBufferProperties: whatever comes, the order is kept, nothing is played
// twice, the delay is bounded, and nothing panics.
func TestBufferProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := jitter.NewBuffer()
		last := -1
		base := rapid.IntRange(0, 65535).Draw(t, "base")
		for turn := range rapid.IntRange(1, 200).Draw(t, "turns") {
			for range rapid.IntRange(0, 3).Draw(t, "packets") {
				at := turn + rapid.IntRange(-8, 8).Draw(t, "offset")
				if at >= 0 {
					b.Push(jitter.Packet{Seq: uint16(base + at), Payload: []byte{byte(at >> 8), byte(at)}})
				}
			}
			if b.Len() > jitter.DefaultLimit {
				t.Fatalf("%d packets wait", b.Len())
			}
			if p, _ := b.Pop(); p != nil {
				at := int(p.Payload[0])<<8 | int(p.Payload[1])
				if at <= last {
					t.Fatalf("%d played after %d", at, last)
				}
				last = at
			}
		}
	})
}

func tone(hz float64, from, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(8000 * math.Sin(2*math.Pi*hz*float64(from+i)/8000))
	}
	return out
}

// TestConcealer is P23: gaps of 1, 3 and 10 packets anywhere in the wave, for voices from 60 Hz on. A single packet is replaced
// at full strength by what would have come; no edge is steeper than the sound; after the gap all is as it was within 5 ms.
func TestConcealer(t *testing.T) {
	const heard = 5 * 160
	for _, hz := range []float64{60, 200, 440, 1020} {
		limit := 1.5*largestStep(tone(hz, 0, 800)) + 2
		for _, packets := range []int{1, 3, 10} {
			for begin := 0; begin < 140; begin += 7 {
				c := jitter.NewConcealer(8000)
				for i := range 5 {
					c.Heard(tone(hz, begin+160*i, 160))
				}
				played := tone(hz, begin+heard-10, 10)
				for range packets {
					gap := make([]int16, 160)
					c.Conceal(gap)
					played = append(played, gap...)
				}
				after := tone(hz, begin+heard+160*packets, 160)
				c.Heard(after)
				played = append(played, after...)
				what := fmt.Sprintf("%v Hz, %d packets, from %d", hz, packets, begin)
				if step := largestStep(played); step > limit {
					t.Errorf("%s: a step of %.0f, more than %.0f", what, step, limit)
				}
				if clean := tone(hz, begin+heard+160*packets, 160); !slices.Equal(after[40:], clean[40:]) {
					t.Errorf("%s: 5 ms after the gap the sound is another", what)
				}
				if packets > 1 {
					continue
				}
				gap, truth := played[10:170], tone(hz, begin+heard, 160)
				if ratio := 10 * math.Log10(power(gap)/power(truth)); ratio < -0.5 || ratio > 0.5 {
					t.Errorf("%s: concealed at %.1f dB", what, ratio)
				}
				for i := range gap {
					gap[i] -= truth[i]
				}
				if snr := 10 * math.Log10(power(truth)/power(gap)); snr < 15 {
					t.Errorf("%s: %.1f dB of what is lost is replaced by something else", what, snr)
				}
			}
		}
	}
}

// TestConcealerJoins: where a packet is left out, what follows joins what came before without a click.
func TestConcealerJoins(t *testing.T) {
	for _, hz := range []float64{210, 440, 1020} {
		limit := 1.5*largestStep(tone(hz, 0, 800)) + 2
		for begin := 0; begin < 140; begin += 7 {
			c := jitter.NewConcealer(8000)
			for i := range 5 {
				c.Heard(tone(hz, begin+160*i, 160))
			}
			c.Skip()
			next := tone(hz, begin+6*160, 160)
			c.Heard(next)
			if step := largestStep(append(tone(hz, begin+790, 10), next...)); step > limit {
				t.Errorf("%v Hz, from %d: a step of %.0f, more than %.0f", hz, begin, step, limit)
			}
		}
	}
}

func TestConcealerFades(t *testing.T) {
	c := jitter.NewConcealer(8000)
	for i := range 5 {
		c.Heard(tone(440, 160*i, 160))
	}
	frame := make([]int16, 160)
	n := 0
	before := math.Inf(1)
	for c.Conceal(frame) {
		if p := power(frame); p > before*1.1 {
			t.Errorf("frame %d is louder than the one before", n)
		} else {
			before = p
		}
		if n++; n > 10 {
			t.Fatal("it does not fade")
		}
	}
	if n < 3 {
		t.Errorf("silent after %d frames", n)
	}
}

func power(samples []int16) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return sum / float64(len(samples))
}

func largestStep(samples []int16) float64 {
	step := 0.0
	for i := range samples[1:] {
		step = max(step, math.Abs(float64(samples[i+1])-float64(samples[i])))
	}
	return step
}

func BenchmarkConceal(b *testing.B) {
	c := jitter.NewConcealer(8000)
	frame := tone(440, 0, 160)
	for b.Loop() {
		c.Heard(frame)
		c.Conceal(frame)
	}
}
