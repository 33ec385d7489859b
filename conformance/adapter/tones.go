package adapter

import (
	"math"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// WriteTones makes a WAV file for the microphone of a phone: a mix of sines of so
// many Hz, or silence if there are none, in mono at 8000 samples a second. The
// error is that of the file.
func WriteTones(name string, tones []float64, length time.Duration) error {
	const rate = 8000
	samples := make([]int16, rate*length/time.Second)
	for i := range samples {
		for _, hz := range tones {
			samples[i] += int16(16000 / float64(len(tones)) * math.Sin(2*math.Pi*hz*float64(i)/rate))
		}
	}
	return audio.WriteWaveFile(name, samples, rate)
}
