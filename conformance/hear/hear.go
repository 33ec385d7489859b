// Package hear measures recorded sound: which tones are in it, how clean they
// are and where they are missing. It is the ear behind the sentences of a
// scenario, such as
//
//	bob hears alice: {tone: 440 Hz, snr: 30dB.., longest_gap: ..20ms}
//
// Everything is a pure function of the samples.
package hear

import (
	"math"
	"time"
)

// SilenceBelow is the level under which sound counts as silence, in dBFS.
const SilenceBelow = -60.0

// Perfect is the signal to noise ratio reported when there is no noise, in dB.
const Perfect = 120.0

// Result is what was heard.
type Result struct {
	// Tones in Hz, strongest first: those that are at most 25 dB weaker than
	// the strongest. A tone within 3 Hz of a wanted one has exactly its
	// frequency, any other is rounded to 1 Hz.
	Tones []float64
	// SNR is the power of the wanted tones over that of everything else, in dB.
	// Amplitude and phase are fitted anew every 100 ms; a missing tone counts as
	// noise. A clean G.711 call has 35 to 38 dB.
	SNR float64
	// LongestGap is the longest time in which a wanted tone is missing, in
	// steps of 10 ms; the beginning and the end count.
	LongestGap time.Duration
	// LostFrames is the number of 20 ms frames without a wanted tone. A loss
	// that was concealed is not among them: ask the stream's statistics.
	LostFrames int
	// Level is the mean level in dBFS: a sine of full scale has 0, nothing has
	// -Inf.
	Level float64
	// Peak is the level of the loudest 20 ms, in dBFS.
	Peak float64
	// Silence: even the loudest 20 ms are below [SilenceBelow].
	Silence bool
	// Delay is the time until all wanted tones are heard first; -1 means never.
	Delay time.Duration
}

// Measure looks for wanted tones (Hz) in samples. Without wanted tones, those
// that are found are taken for wanted.
func Measure(samples []int16, rate int, want []float64) Result {
	r := Result{SNR: math.Inf(-1), Delay: -1}
	r.Level, r.Peak = levels(samples, rate)
	r.Silence = r.Peak < SilenceBelow
	if r.Silence || rate <= 0 {
		r.LongestGap, r.LostFrames = duration(len(samples), rate), frames(len(samples), rate)
		return r
	}
	if len(want) == 0 {
		want = findTones(samples, rate, nil)
		r.Tones = want
	}
	p := project(samples, rate, want)
	f := r.fit(p)
	if r.Tones == nil && f.clean {
		r.Tones = f.audible
	} else if r.Tones == nil {
		r.Tones = findTones(samples, rate, want)
	}
	r.LongestGap, r.LostFrames = duration(len(samples), rate), frames(len(samples), rate)
	if len(f.audible) == len(want) {
		r.presence(p)
	}
	return r
}

func duration(samples, rate int) time.Duration {
	if rate <= 0 {
		return 0
	}
	return time.Duration(samples) * time.Second / time.Duration(rate)
}

func frames(samples, rate int) int { return int(duration(samples, rate) / (20 * time.Millisecond)) }

// levels is the mean level and that of the loudest 20 ms.
func levels(samples []int16, rate int) (mean, peak float64) {
	var all, loudest float64
	size := max(1, rate/50)
	for at := 0; at < len(samples); at += size {
		part := samples[at:min(at+size, len(samples))]
		e := energy(part)
		all += e
		loudest = max(loudest, e/float64(size))
	}
	return decibel(all / float64(max(1, len(samples)))), decibel(loudest)
}

func energy(samples []int16) float64 {
	var sum int64
	for _, s := range samples {
		sum += int64(s) * int64(s)
	}
	return float64(sum)
}

// decibel is the level of a mean square in dBFS.
func decibel(meanSquare float64) float64 { return 10 * math.Log10(2*meanSquare/(32768*32768)) }
