package play

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// newSound makes ears and microphone of the party.
func (p *party) newSound() error {
	if p.def.Devices != nil {
		return p.newSoundcards()
	}
	p.sound = p.world.sounds.NewSound(p.def.Plays)
	return p.speakInto(p.sound)
}

// speakInto has a microphone hear the file that the party plays, if it does.
func (p *party) speakInto(sound *simnet.Sound) error {
	if p.def.PlaysWAV == "" {
		return nil
	}
	samples, rate, err := audio.DecodeWave(p.world.c.Files[p.def.PlaysWAV])
	if err != nil {
		return fmt.Errorf("%s: %w", p.def.PlaysWAV, err)
	}
	sound.PlaySamples(samples, rate)
	return nil
}

// wideband are the codecs that need more than the 8000 Hz of G.711.
var wideband = []string{"G722", "opus"}

// soundSettings are what knob and account say about SRTP, and what the codecs say
// about the mixer, which is as slow as it may be.
func (p *party) soundSettings(cfg *sipsimple.Config) error {
	if slices.ContainsFunc(cfg.RTP.Codecs, func(name string) bool { return slices.Contains(wideband, name) }) {
		cfg.SampleRate = 16000
	}
	if knob := p.world.c.Knobs.SRTP; knob != "" && knob != "off" {
		cfg.RTP.SRTPEncryption = streams.Encryption(knob)
	}
	if value, ok := p.def.Account["rtp.srtp_encryption"]; ok {
		cfg.RTP.SRTPEncryption = streams.Encryption(value)
		if !slices.Contains([]string{"disabled", "optional", "mandatory"}, value) {
			return fmt.Errorf("rtp.srtp_encryption: %q is none of disabled, optional, mandatory", value)
		}
	}
	cfg.RTP.UseSRTPWithoutTLS = p.def.Account["rtp.use_srtp_without_tls"] == "true"
	return nil
}

// needsMedia tells which calls wait until a stream has started.
func needsMedia(call string) bool {
	return slices.Contains([]string{"dtmf", "record", "stop_recording"}, call)
}

// isEstablished tells whether an audio stream has started and not ended.
func (s *stream) isEstablished() bool {
	state, ok := streamAttribute(s, "state")
	return ok && state == string(streams.AudioEstablished)
}

func (p *party) performOnAudio(st *stream, stream *streams.AudioStream, v *scenario.Call) error {
	switch v.Name {
	case "stop_recording":
		return stream.StopRecording()
	case "record":
		name, err := p.got.folder.path(fmt.Sprint(v.Arg))
		if err != nil {
			return err
		}
		return stream.StartRecording(name)
	}
	for _, digit := range strings.Split(fmt.Sprint(v.Arg), "") {
		if err := stream.SendDTMF(digit); err != nil {
			return err
		}
	}
	return nil
}

// soundNotes are what a party has been told about sound.
type soundNotes struct {
	mu         sync.Mutex
	digits     []digit // that were not listened to
	recordings []recorded
	folder     folder
}

// digit is one that a party has got.
type digit struct {
	text    string
	session *session
}

// recorded is the file that a recording of a stream went into.
type recorded struct {
	stream *stream
	file   string
}

// recordingOf is the file of the last recording of a stream, "" without any.
func (n *soundNotes) recordingOf(s *stream) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range slices.Backward(n.recordings) {
		if r.stream == s {
			return r.file
		}
	}
	return ""
}

// readSound notes digits and recordings. The folder of the run is of no
// interest to a file, and another in every run.
func (p *party) readSound(r *record, fields map[string]any) {
	switch data := r.data.(type) {
	case streams.AudioStreamGotDTMF:
		p.got.mu.Lock()
		p.got.digits = append(p.got.digits, digit{data.Digit, r.session})
		p.got.mu.Unlock()
	case streams.AudioStreamDidStartRecordingAudio:
		p.got.mu.Lock()
		p.got.recordings = append(p.got.recordings, recorded{r.stream, data.Filename})
		p.got.mu.Unlock()
	}
	if !strings.HasPrefix(r.data.NotificationName(), "AudioStream") {
		return
	}
	for name, v := range fields {
		if text, ok := v.(string); ok {
			fields[name] = p.got.folder.without(text)
		}
	}
}

// digits are those that came from the speaker, from anybody if there is none.
func (e ear) digits() string {
	got := &e.hearer.got
	got.mu.Lock()
	list := slices.Clone(got.digits)
	got.mu.Unlock()
	text := ""
	for _, d := range list {
		if e.speaker == nil || d.session == nil || d.session.is(e.speaker.def.Name) {
			text += d.text
		}
	}
	return text
}

func (p *party) forgetDigits() {
	p.got.mu.Lock()
	defer p.got.mu.Unlock()
	p.got.digits = nil
}

// recordingFilename is the name as the file knows it.
func (s *stream) recordingFilename() (any, bool) {
	audio, ok := s.stream.(*streams.AudioStream)
	if !ok {
		return nil, false
	}
	if name := audio.RecordingFilename(); name != "" {
		return s.party.got.folder.without(name), true
	}
	return nil, true
}

// recording is what the last recording of the stream holds, null without any.
func (s *stream) recording() (any, bool) {
	if _, ok := s.stream.(*streams.AudioStream); !ok {
		return nil, false
	}
	name := s.party.got.recordingOf(s)
	if name == "" {
		return nil, true
	}
	samples, rate, err := audio.ReadWaveFile(name)
	if err != nil {
		return s.party.got.folder.without(err.Error()), true
	}
	result := hear.Measure(samples, rate, nil)
	slices.Sort(result.Tones)
	duration := time.Duration(len(samples)) * time.Second / time.Duration(rate)
	return map[string]any{"tones": tones(result.Tones), "duration": duration, "level": result.Level, "rate": rate}, true
}
