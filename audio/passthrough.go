package audio

// passThrough is a port that gives what was written to it in the tick before.
// It is how a bridge is a member of another.
type passThrough struct {
	slot  int
	frame []int16
	full  bool
}

// ReadFrame implements [Source]. Reads come before writes, so this is the frame
// of the tick before.
func (p *passThrough) ReadFrame(frame []int16) bool {
	if p.full {
		copy(frame, p.frame)
	}
	return p.full
}

// WriteFrame implements [Sink].
func (p *passThrough) WriteFrame(frame []int16) {
	p.full = frame != nil
	copy(p.frame, frame)
}

func (p *passThrough) slotOrNone() int {
	if p == nil {
		return NoSlot
	}
	return p.slot
}

// release gives the slot back and returns which one it was.
func (p *passThrough) release(mixer *Mixer) int {
	slot := p.slotOrNone()
	if slot != NoSlot {
		mixer.RemovePort(slot)
		p.slot = NoSlot
	}
	return slot
}

// ProducerSlot implements [Port]: the sum of all members.
func (b *AudioBridge) ProducerSlot() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.openLocked()
	return b.outward.slotOrNone()
}

// ConsumerSlot implements [Port]: what is written there reaches all members.
func (b *AudioBridge) ConsumerSlot() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.openLocked()
	return b.inward.slotOrNone()
}

// openLocked takes the two slots when somebody asks for them first. With no
// slot free the bridge stays without.
func (b *AudioBridge) openLocked() {
	if b.stopped || b.outward != nil {
		return
	}
	outward, inward := b.newPassThrough(), b.newPassThrough()
	if outward.slot == NoSlot || inward.slot == NoSlot {
		outward.release(b.mixer)
		inward.release(b.mixer)
		return
	}
	b.outward, b.inward = outward, inward
	if err := b.refreshLocked(); err != nil {
		b.mixer.log.Warn("audio bridge: port has a slot that does not exist", "error", err)
	}
}

func (b *AudioBridge) newPassThrough() *passThrough {
	p := &passThrough{slot: NoSlot, frame: make([]int16, b.mixer.FrameSize())}
	slot, err := b.mixer.addPort(p, p, false)
	if err != nil {
		b.mixer.log.Warn("audio bridge cannot be nested", "error", err)
		return p
	}
	p.slot = slot
	return p
}
