package audio_test

import (
	"math/rand/v2"
	"testing"

	"github.com/go-sipsimple/callflow/audio"
)

// TestCrowds compares what everybody hears with a sum made by hand, for meshes
// with and without holes, with the device in them, of speakers and of silent
// ones.
func TestCrowds(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for round := range 60 {
		device, mixer := newBench(t)
		n, holes := 2+random.IntN(14), []float64{0, 0, 0.02, 0.3}[round%4]
		ends := map[int]*end{}
		for range n {
			var says []int16
			if random.IntN(4) > 0 {
				says = make([]int16, mixer.FrameSize())
				for i := range says {
					says[i] = int16(random.IntN(30000) - 15000)
				}
			}
			e := newEnd(t, mixer, says)
			ends[e.slot] = e
		}
		for i := range device.in {
			device.in[i] = int16(random.IntN(20000) - 10000)
		}
		var connections []audio.Connection
		for a := range n + 1 {
			for b := range n + 1 {
				if (a != b || holes > 0.1) && random.Float64() >= holes {
					connections = append(connections, audio.Connection{Source: a, Sink: b})
				}
			}
		}
		if err := mixer.ChangeConnections(connections, nil); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			device.tick()
			for slot := range n + 1 {
				heard := device.out
				if e := ends[slot]; e != nil {
					heard = e.heard
					if e.quiet {
						heard = make([]int16, len(device.in))
					}
				}
				for i := range heard {
					sum := 0
					for _, c := range connections {
						if c.Sink != slot {
							continue
						}
						if e := ends[c.Source]; e == nil {
							sum += int(device.in[i])
						} else if e.says != nil {
							sum += int(e.says[i])
						}
					}
					if want := max(-32768, min(sum, 32767)); int(heard[i]) != want {
						t.Fatalf("round %d: slot %d of %d hears %d at %d, want %d", round, slot, n, heard[i], i, want)
					}
				}
			}
			// Somebody falls silent or speaks again.
			e := ends[1+random.IntN(n)]
			if e.says != nil {
				e.says = nil
			} else {
				e.says = make([]int16, mixer.FrameSize())
			}
		}
	}
}
