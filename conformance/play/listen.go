package play

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
)

// skipped is the time that `listen` leaves out at its beginning.
const skipped = 200 * time.Millisecond

// mostVoid is how often a step listens again because sound devices were late.
const mostVoid = 10

// listen lets time run and measures what came out of the loudspeakers. What was heard
// of sound devices that were late says nothing, unless it is as expected: then it
// listens once more, for as long as that happens and a number of times.
func (d *driver) listen(v *scenario.Listen) *Failure {
	for void := 0; ; void++ {
		var before progress
		if d.card != nil {
			before = d.card.progress()
		}
		f := d.listenOnce(v)
		if f == nil || d.card == nil || !d.card.wasLate(before) {
			return f
		}
		if void == mostVoid {
			f.Details = append(f.Details, fmt.Sprintf("the sound devices were late all the time, %d times in a row", void+1))
			return f
		}
	}
}

func (d *driver) listenOnce(v *scenario.Listen) *Failure {
	begin := time.Now()
	lost := map[string]int{}
	for _, p := range d.parties {
		lost[p.def.Name] = p.lostPackets()
	}
	d.sleepUntil(d.now() + v.Duration)
	from := v.From
	if from < 0 {
		from = skipped
	}
	for i := range v.Sentences {
		all := d.ears(&v.Sentences[i])
		if len(all) == 0 {
			return failure(d.now(), v.Sentences[i].Pos, v.Sentences[i].Source, "nobody talks: both ways needs two parties with audio")
		}
		for _, ears := range all {
			if ears.speaker != nil && ears.speaker.phone != nil && !ears.speaker.plays {
				continue // its microphone hears whatever it hears
			}
			if f := d.hears(&v.Sentences[i], ears, begin.Add(from), begin.Add(v.Duration), lost); f != nil {
				return f
			}
		}
	}
	for _, p := range d.parties {
		p.forgetDigits()
	}
	return nil
}

// awaitSound waits for a clock of sound that is late in real time.
func (d *driver) awaitSound(until time.Time) {
	for giveUp := until.Add(soundLimit); !d.sounds.Has(until) && time.Now().Before(giveUp); {
		time.Sleep(audio.FrameDuration)
	}
}

// soundLimit is how late sound may be.
const soundLimit = 30 * time.Second

// ear is who hears whom; the speaker is nil for whatever arrives.
type ear struct {
	hearer, speaker *party
	at, from        string // devices of the two
}

func (d *driver) ears(s *scenario.Sentence) []ear {
	if !s.BothWays {
		return []ear{{d.party(s.Hearer), d.party(s.Speaker), s.At, s.From}}
	}
	var hearers, speakers []*party
	for _, p := range d.parties {
		switch {
		case p.app != nil && p.isTalking():
			hearers, speakers = append(hearers, p), append(speakers, p)
		case p.phone != nil:
			speakers = append(speakers, p)
		}
	}
	var list []ear
	for _, a := range hearers {
		for _, b := range speakers {
			if a != b {
				list = append(list, ear{hearer: a, speaker: b})
			}
		}
	}
	return list
}

// recordings are memory for what is measured: minutes of sound, again and again.
var recordings = sync.Pool{New: func() any { return new([]int16) }}

func measure(sound *simnet.Sound, from, to time.Time, want []float64) hear.Result {
	memory := recordings.Get().(*[]int16)
	defer recordings.Put(memory)
	*memory = sound.AppendHeard((*memory)[:0], from, to)
	return hear.Measure(*memory, sound.SampleRate(), want)
}

func (d *driver) hears(s *scenario.Sentence, e ear, from, to time.Time, lostBefore map[string]int) *Failure {
	what := s.Source
	if e.hearer == nil || e.hearer.ear(e.at) == nil {
		return failure(d.now(), s.Pos, what, "nobody of that name has ears")
	}
	sound := e.hearer.ear(e.at)
	if s.BothWays {
		what += " (" + e.hearer.def.Name + " hears " + e.speaker.def.Name + ")"
	}
	var want []float64
	if e.speaker != nil {
		want = e.speaker.playsAt(e.from)
	}
	result := measure(sound, from, to, want)
	if s.Silence {
		if result.Silence || len(want) > 0 && !anyTone(result.Tones, want) {
			return nil
		}
		return failure(d.now(), s.Pos, what, "expected  silence", "heard     "+heard(result))
	}
	if len(s.Fields) == 0 && result.Silence {
		return failure(d.now(), s.Pos, what, "expected  sound", "heard     silence")
	}
	lost := max(result.LostFrames, e.hearer.lostPackets()-lostBefore[e.hearer.def.Name])
	values := map[string]any{
		"tone": tone(result, want), "tones": tones(result.Tones), "snr": result.SNR, "longest_gap": result.LongestGap,
		"lost_frames": lost, "level": result.Level, "delay": result.Delay, "dtmf": e.digits(),
	}
	var wrong []string
	for _, name := range sortedKeys(s.Fields) {
		if e.speaker != nil && e.speaker.phone != nil && howClean[name] {
			continue
		}
		got, ok := values[name]
		if !ok {
			return failure(d.now(), s.Pos, what, name+" cannot be measured yet")
		}
		if m := s.Fields[name]; !m.Match(got, d.env) {
			wrong = append(wrong, fmt.Sprintf("%s: expected %s, got %s", name, m, measured(got)))
		}
	}
	if wrong == nil {
		return nil
	}
	return failure(d.now(), s.Pos, what, append(wrong, "heard     "+heard(result))...)
}

// howClean is what is not judged of the sound of a phone under test: its clock is
// not ours, and a jitter buffer that follows it leaves out a frame now and then.
var howClean = map[string]bool{"snr": true, "longest_gap": true, "lost_frames": true, "delay": true, "level": true}

// tone is the strongest tone that was heard, of the wanted ones if there are any.
func tone(r hear.Result, want []float64) any {
	for _, hz := range r.Tones {
		if len(want) == 0 || anyTone([]float64{hz}, want) {
			return hz
		}
	}
	if len(r.Tones) > 0 {
		return r.Tones[0]
	}
	return match.Absent{}
}

func anyTone(tones, want []float64) bool {
	for _, a := range tones {
		for _, b := range want {
			if math.Abs(a-b) < 3 {
				return true
			}
		}
	}
	return false
}

func tones(list []float64) []any {
	values := make([]any, len(list))
	for i, hz := range list {
		values[i] = hz
	}
	return values
}

func heard(r hear.Result) string {
	if r.Silence {
		return "silence"
	}
	return fmt.Sprintf("tones %v Hz, SNR %.1f dB, longest gap %v, %d lost frames, level %.1f dB",
		r.Tones, r.SNR, r.LongestGap, r.LostFrames, r.Level)
}

func measured(v any) string {
	if n, ok := v.(float64); ok {
		return fmt.Sprintf("%.1f", n)
	}
	return match.Format(v)
}

// lostPackets counts the packets that did not reach the party's audio streams.
func (p *party) lostPackets() int {
	total := 0
	for _, s := range p.talks("audio") {
		statistics, ok := streamAttribute(s, "statistics")
		if !ok {
			continue
		}
		if n, ok := inner(inner(statistics, "rx"), "packets_lost").(int); ok {
			total += n
		}
	}
	return total
}

// isTalking tells whether a session of the party has audio now.
func (p *party) isTalking() bool {
	for _, s := range p.talks("audio") {
		if s.session != nil && slices.Contains(s.session.session.Streams(), s.stream) {
			return true
		}
	}
	return false
}
