package sipsimple

import (
	"slices"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// starting is the stage of an outgoing call that was answered and acknowledged:
// its streams start.
type starting struct{}

func (s *starting) handle(m *machine, e event) {
	switch e := e.(type) {
	case streamEvent:
		if e.what == streamFailed { // 7.6, FAI-44
			m.hangUp(0, "", localFailure(streamFailure(e.reason)))
			return
		}
		m.startIfReady()
	case expired:
		if e.timer == startTimer { // FAI-46
			m.hangUp(0, "", localFailure(streamStartTimedOut))
		}
	case endCommand: // 7.13, EDG-22
		m.hangUp(0, "", localFailure(userRequest))
	case core.ByeReceived: // SD35
		m.failOnBye(e)
	}
}

// startStreams starts every stream whose m-line both sides use and lets the
// others go (streams.md 2.3, step 7). All must have started within 15 s. An
// error is that of the first stream that refused.
func (m *machine) startStreams() error {
	local, remote := m.sdp.Active()
	var failure error
	for _, s := range m.members { // release makes a new list
		if !alive(s, remote) {
			m.release(s)
			continue
		}
		if err := s.stream.Start(local, remote, s.stream.Index()); err != nil && failure == nil {
			failure = err
		}
	}
	m.out.startTimer(startTimer, startLimit)
	return failure
}

// updateStreams gives the streams a new active pair of descriptions, and lets
// those go whose m-line is dead in it.
func (m *machine) updateStreams() {
	local, remote := m.sdp.Active()
	for _, s := range m.members { // release makes a new list
		if alive(s, remote) {
			s.stream.Update(local, remote, s.stream.Index())
		} else {
			m.release(s)
		}
	}
}

// startIfReady completes an outgoing set-up.
func (m *machine) startIfReady() {
	if allStarted(m.members) {
		m.didStart()
	}
}

// didStart makes the session connected (S103).
func (m *machine) didStart() {
	m.stopTimers()
	list := streamsOf(m.members)
	m.attrs.set(func(v *attributeValues) {
		v.startTime = m.out.now()
		v.streams, v.proposed = list, nil
	})
	m.setState(Connected)
	m.refreshHold()
	m.notify(SIPSessionDidStart{Streams: slices.Clone(list)})
	m.takePlace()
	m.establish()
}

// takePlace ends the session whose place this one was to take (7.15).
func (m *machine) takePlace() {
	replaced := m.attrs.get().replaced
	if replaced == nil {
		return
	}
	m.attrs.set(func(v *attributeValues) { v.replaced = nil })
	m.out.replace(replaced)
}
