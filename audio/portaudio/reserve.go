package portaudio

// lead is how many frames of silence are played first: what is played is ready
// that long before it must be, less the 20 ms in which it is captured.
const lead = 2

// mostReserve is to how many frames the lead may grow. It is less than the room of a ring.
const mostReserve = 8

// calmAfter is for how many frames in a row nearly all of two frames must have
// been spare before one is left out: 10 s.
const calmAfter = 500

// joinPart is the part of a frame that is cross-faded where one is left out: 5 ms.
const joinPart = 4

// reserve decides how much sound waits in front of the card. A machine that lets
// the pump wait, or a card that takes more at a time than the lead, hears silence
// once: that much more is kept from then on, as a jitter buffer does. When so much
// has not been needed for a time, a frame is left out. It belongs to the pump.
type reserve struct {
	grown int // samples more than the lead
	spare int // least that waited when a frame came, in this window
	calm  int // frames in this window
	gone  []int16
	left  bool // gone is a frame that was left out, and the next one is joined to it
}

// newReserve is for frames of a size.
func newReserve(frame int) reserve { return reserve{gone: make([]int16, frame)} }

// put plays a frame, or what it may of it.
func (r *reserve) put(l *line, frame []int16) {
	if missing := l.missing.Load(); missing > 0 {
		frame = r.grow(l, int(missing), frame)
	} else if r.shrink(l.out.waiting(), frame) {
		return
	}
	if r.left {
		r.join(frame)
	}
	l.out.write(frame)
}

// grow makes up for samples that were not there in time: sound is later by as
// much from now on, up to a limit. Beyond that it is left out, else it would be
// late for ever. The rest of the frame is returned.
func (r *reserve) grow(l *line, missing int, frame []int16) []int16 {
	r.calm = 0
	kept := min(missing, (mostReserve-lead)*l.frame-r.grown)
	r.grown += kept
	late := min(missing-kept, len(frame))
	l.missing.Add(int64(-kept - late))
	return frame[late:]
}

// shrink leaves out the frame, and returns true, when there has been more than
// enough for a time.
func (r *reserve) shrink(waiting int, frame []int16) bool {
	if r.calm == 0 || waiting < r.spare {
		r.spare = waiting
	}
	r.calm++
	if r.calm < calmAfter || r.grown == 0 {
		return false
	}
	r.calm = 0
	size := len(frame)
	if r.grown < size || r.spare < 2*size {
		return false
	}
	r.grown -= size
	copy(r.gone, frame)
	r.left = true
	return true
}

// join cross-fades the beginning of a frame with that of the one left out, which
// continues what was played before.
func (r *reserve) join(frame []int16) {
	r.left = false
	n := min(len(r.gone)/joinPart, len(frame))
	for i := range n {
		frame[i] = int16((int(r.gone[i])*(n-i) + int(frame[i])*i) / n)
	}
}
