package simnet

import "time"

// Prepare readies a Sound for the clock of somebody else: no Open, but calls of
// Exchange. What was recorded at another rate is lost.
func (s *Sound) Prepare(rate int) { s.prepare(rate) }

// Exchange is one tick of that clock, which played at an instant: microphone is
// filled with what the microphone hears, loudspeaker is recorded.
func (s *Sound) Exchange(at time.Time, microphone, loudspeaker []int16) {
	s.capture(microphone)
	s.recordAt(at, loudspeaker)
}
