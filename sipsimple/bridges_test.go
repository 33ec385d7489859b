package sipsimple_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
)

// TestRecorderInVoiceBridge: a port that consumes and is added to the voice
// bridge gets what the input device hears, and what others in the bridge play,
// which is heard on the output device (row A31).
func TestRecorderInVoiceBridge(t *testing.T) {
	inLab(t, func(l *lab) {
		speakers := simnet.NewNamedSound("speakers", []float64{440})
		p := l.phone("alice", stored(), func(c *sipsimple.Config) { c.Driver = simnet.NewSoundDriver(speakers) })
		p.start()
		name := filepath.Join(t.TempDir(), "memo.wav")
		recorder := audio.NewWaveRecorder(p.VoiceAudioMixer(), name)
		tone := audio.NewToneGenerator(p.VoiceAudioMixer())
		must(t, recorder.Start())
		must(t, tone.Start())
		must(t, p.VoiceAudioBridge().Add(recorder))
		must(t, p.VoiceAudioBridge().Add(tone))
		must(t, tone.PlayTones(audio.Tone{F1: 1000, Duration: time.Minute}))
		pass(time.Second)
		now := time.Now()
		pass(time.Second)
		played := hear.Measure(speakers.Heard(now, time.Now()), speakers.SampleRate(), nil)
		recorder.Stop()
		tone.Stop()
		samples, rate, err := audio.ReadWaveFile(name)
		must(t, err)
		if len(samples) < rate {
			t.Fatalf("recorded %d samples at %d Hz", len(samples), rate)
		}
		recorded := hear.Measure(samples[rate/2:rate], rate, nil)
		slices.Sort(recorded.Tones)
		if !slices.Equal(played.Tones, []float64{1000}) || !slices.Equal(recorded.Tones, []float64{440, 1000}) {
			t.Errorf("played %v, recorded %v", played.Tones, recorded.Tones)
		}
		p.stop()
	})
}
