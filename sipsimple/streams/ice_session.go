package streams

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
)

// keepaliveTicks is how long nothing is sent before a keepalive is (RFC 8445 section 11): 15 s.
const keepaliveTicks = int(15 * time.Second / audio.FrameDuration)

// iceSession is the clock and the sockets of the ICE of one stream. Its methods may be called under the lock of the
// stream, which is why told is called without its own.
//
// Before the stream has started a timer drives it, then the tick of the mixer: timer and tick would write into one socket
// in one instant, in an order that is nobody's.
type iceSession struct {
	rtp    *rtpSession
	random *rand.ChaCha8
	told   func() // looks what has become of it

	mu       sync.Mutex
	gatherer *ice.Gatherer
	agent    *ice.Agent // from the end of gathering on; the last one that has completed, if any has
	next     *ice.Agent // of a restart
	timer    *time.Timer
	ticking  bool
	quiet    int // ticks without RTP of ours
	alive    uint32
	off      bool // the peer does not want ICE, or the stream has ended
	errands  sync.WaitGroup
}

// newICESession draws its seed.
func newICESession(random io.Reader, told func()) (*iceSession, error) {
	var seed [32]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return nil, fmt.Errorf("random numbers for ICE: %w", err)
	}
	return &iceSession{random: rand.NewChaCha8(seed), told: told}, nil
}

// progress is what told would look at.
type progress struct {
	gathered      bool
	agent, next   ice.State
	current, fork *ice.Agent
}

func (i *iceSession) progressLocked() progress {
	p := progress{gathered: i.gatherer != nil && i.gatherer.Done(), current: i.agent, fork: i.next}
	if i.agent != nil {
		p.agent = i.agent.State()
	}
	if i.next != nil {
		p.next = i.next.State()
	}
	return p
}

// do runs f, sends what comes of it, and tells whether there is something to look at.
func (i *iceSession) do(f func(now time.Time)) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.off {
		return false
	}
	before := i.progressLocked()
	f(time.Now())
	i.sendLocked()
	i.scheduleLocked()
	return i.progressLocked() != before
}

// machine is what a gatherer and an agent have in common.
type machine interface {
	Take() []ice.Datagram
	Next() time.Time
	Receive(now time.Time, component int, from netip.AddrPort, data []byte)
	Advance(now time.Time)
}

func (i *iceSession) eachLocked(f func(machine)) {
	if i.gatherer != nil {
		f(i.gatherer)
	}
	if i.agent != nil {
		f(i.agent)
	}
	if i.next != nil {
		f(i.next)
	}
}

// sendLocked sends; what cannot be sent is as good as lost.
func (i *iceSession) sendLocked() {
	i.eachLocked(func(m machine) {
		for _, d := range m.Take() {
			conn := i.rtp.pair.rtp
			if d.Component == ice.RTCP {
				conn = i.rtp.pair.rtcp
			}
			_ = sendTo(conn, d.Data, d.To)
		}
	})
}

func (i *iceSession) scheduleLocked() {
	var due time.Time
	i.eachLocked(func(m machine) {
		if at := m.Next(); !at.IsZero() && (due.IsZero() || at.Before(due)) {
			due = at
		}
	})
	switch {
	case i.ticking || due.IsZero():
		if i.timer != nil {
			i.timer.Stop()
		}
	case i.timer == nil:
		i.timer = time.AfterFunc(max(time.Until(due), 1), i.wake)
	default:
		i.timer.Reset(max(time.Until(due), 1))
	}
}

func (i *iceSession) advanceLocked(now time.Time) {
	i.eachLocked(func(m machine) {
		if at := m.Next(); !at.IsZero() && !now.Before(at) {
			m.Advance(now)
		}
	})
}

func (i *iceSession) wake() {
	if i.do(i.advanceLocked) {
		i.told()
	}
}

// receive takes STUN.
func (i *iceSession) receive(component int, data []byte, from netip.AddrPort) {
	if i.do(func(now time.Time) { i.eachLocked(func(m machine) { m.Receive(now, component, from, data) }) }) {
		i.told()
	}
}

// tick is called by the mixer once the stream has started. sends tells whether RTP goes out in this tick.
func (i *iceSession) tick(sends bool) {
	if i.idles(sends) {
		return
	}
	changed := i.do(func(now time.Time) {
		i.advanceLocked(now)
		if i.agent == nil || i.quiet < keepaliveTicks {
			return
		}
		i.quiet = 0
		if _, remote, ok := i.agent.Selected(ice.RTP); ok {
			i.alive++
			_ = sendTo(i.rtp.pair.rtp, ice.Indication(i.alive), remote.Addr)
		}
	})
	if changed { // the mixer must not wait for the stream
		i.errands.Go(i.told)
	}
}

// idles counts a tick, and tells whether there is nothing to do in it.
func (i *iceSession) idles(sends bool) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ticking = true
	if i.quiet++; sends {
		i.quiet = 0
	}
	return i.next == nil && i.quiet < keepaliveTicks
}

// gather asks the servers. It tells whether the candidates are known at once.
func (i *iceSession) gather(servers []netip.AddrPort) bool {
	return i.do(func(now time.Time) {
		i.gatherer = ice.NewGatherer(now, []netip.AddrPort{i.rtp.local, i.rtp.localControl}, servers, i.random)
	}) && i.gathered()
}

func (i *iceSession) gathered() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.progressLocked().gathered
}

// begin makes the agent, whose checks begin with start.
func (i *iceSession) begin(controlling bool) {
	i.do(func(time.Time) { i.agent = i.newAgentLocked(controlling, ice.NewCredentials(i.random)) })
}

func (i *iceSession) newAgentLocked(controlling bool, ours ice.Credentials) *ice.Agent {
	return ice.NewAgent(ice.Config{
		Credentials: ours, Local: i.gatherer.Candidates(), Controlling: controlling, Random: i.random,
	})
}

// start begins the checks.
func (i *iceSession) start(remote ice.Remote) (err error) {
	i.do(func(now time.Time) { err = i.agent.Start(now, remote) })
	return err
}

// state is how far the first negotiation is.
func (i *iceSession) state() ice.State {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.progressLocked().agent
}

// report is what the last negotiation has found, and how long it took.
func (i *iceSession) report(took time.Duration) AudioStreamICENegotiationDidSucceed {
	i.mu.Lock()
	defer i.mu.Unlock()
	return iceReport(i.agent, took)
}

// prepare makes the answer to an offer that restarts ICE (RFC 5245 section 9.2.1.1): other credentials than those that
// the peer had. What is in use goes on until the new negotiation is over.
func (i *iceSession) prepare(remote remoteICE) {
	i.do(func(time.Time) {
		if i.restartsLocked(remote) && (i.next == nil || i.next.State() != ice.Idle) {
			i.next = i.newAgentLocked(false, ice.NewCredentials(i.random))
		}
	})
}

func (i *iceSession) restartsLocked(remote remoteICE) bool {
	return i.agent != nil && i.agent.State() != ice.Idle && remote.has && !remote.mismatch &&
		i.latestLocked().Remote().Credentials != remote.Credentials
}

// latestLocked is the agent of the last negotiation that was begun.
func (i *iceSession) latestLocked() *ice.Agent {
	if i.next != nil && i.next.State() != ice.Idle {
		return i.next
	}
	return i.agent
}

// restart begins the checks with a peer that has other credentials than before: after an offer with what was prepared,
// after an answer (somebody else has answered to our offer) with the credentials that the offer had. It tells whether it
// has.
func (i *iceSession) restart(remote remoteICE) (begun bool) {
	i.do(func(now time.Time) {
		if !i.restartsLocked(remote) {
			return
		}
		if i.next == nil || i.next.State() != ice.Idle {
			i.next = i.newAgentLocked(true, i.latestLocked().Credentials())
		}
		begun = i.next.Start(now, remote.Remote) == nil
	})
	return begun
}

// restarted takes the result of a restart, Idle if there is none.
func (i *iceSession) restarted() ice.State {
	i.mu.Lock()
	defer i.mu.Unlock()
	state := i.progressLocked().next
	if state != ice.Completed && state != ice.Broken {
		return ice.Idle
	}
	i.agent, i.next = i.next, nil
	return state
}

// lines are what our description says, in an answer to an offer of the peer or in an offer of ours.
func (i *iceSession) lines(forOffer bool, offer remoteICE) iceLines {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.off || i.agent == nil {
		return iceLines{}
	}
	agent := i.agent
	if !forOffer && i.next != nil && (i.restartsLocked(offer) || i.next.Remote().Credentials == offer.Credentials) {
		agent = i.next
	}
	switch agent.State() {
	case ice.Broken:
		return iceLines{}
	case ice.Completed:
	default:
		return iceLines{credentials: agent.Credentials(), candidates: agent.Local()}
	}
	l := iceLines{credentials: agent.Credentials()}
	for _, component := range agent.Components() {
		local, remote, _ := agent.Selected(component)
		l.candidates = append(l.candidates, local)
		if forOffer && agent.Controlling() {
			l.remote = append(l.remote, remote)
		}
	}
	return l
}

// defaults are the addresses for the m-line and its a=rtcp (RFC 5245 section 4.3): of the candidates told, or if there
// are none of all that were found.
func (i *iceSession) defaults(told []ice.Candidate) (media, control netip.AddrPort) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(told) == 0 {
		told = i.gatherer.Candidates()
	}
	media, control = ice.Default(told, ice.RTP).Addr, ice.Default(told, ice.RTCP).Addr
	if !control.IsValid() {
		control = i.rtp.localControl
	}
	return media, control
}

// selected gives a path the pairs that were agreed on. It tells whether there are any.
func (i *iceSession) selected(p *path) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.off || i.agent == nil {
		return false
	}
	local, remote, ok := i.agent.Selected(ice.RTP)
	if !ok {
		return false
	}
	p.byICE, p.localType, p.remoteType, p.remote = true, local.Type, remote.Type, remote.Addr
	if _, control, ok := i.agent.Selected(ice.RTCP); ok {
		p.control = control.Addr
	}
	return true
}

// stop ends all of it; nothing is told any more, except what is being told.
func (i *iceSession) stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.off = true
	if i.timer != nil {
		i.timer.Stop()
	}
}
