package core

import "time"

// subscriber is the subscriber's side of one subscription as RFC 6665 section
// 4.1.2 has it, and of the one that a REFER makes (RFC 3515): a pure machine.
// Inputs are facts, outputs are orders to the shell (subscription.go).
//
//	state        what has happened                              ends by
//	asking       the first request is out, nothing came back    refusal, 2xx, NOTIFY
//	unconfirmed  2xx, no NOTIFY yet                             NOTIFY, 64*T1 (Timer N)
//	active       NOTIFY came; refreshed before it expires       expiry, refusal, last NOTIFY
//	leaving      SUBSCRIBE with Expires 0 is out                last NOTIFY, refusal, limit
//	over         nothing more happens
type subscriber struct {
	refer bool          // made by a REFER
	asked time.Duration // what to ask for
	limit time.Duration // wait for the last NOTIFY after End

	state    subscriberState
	leaveNow bool // End was called while asking
	retried  bool // the interval was raised after a 423 to a refresh
	expires  time.Time
	out      []subscriberOutput
}

type subscriberState int

const (
	asking subscriberState = iota
	unconfirmed
	active
	leaving
	subscriptionOver
)

// Inputs of a subscriber.
type (
	// subAnswered is the outcome of the open SUBSCRIBE or REFER.
	subAnswered struct {
		code, number int // number: how many requests were sent before it
		phrase       string
		granted      time.Duration // Expires of a 2xx, negative without one
		contact      bool          // the 2xx has a Contact
		minExpires   time.Duration // of a 423
		retryAfter   time.Duration
		err          error
	}
	// subNotified is a NOTIFY, already answered.
	subNotified struct {
		state      string // "active", "pending", "terminated", or another word
		reason     string
		expires    time.Duration // negative when it does not say
		retryAfter time.Duration
		event      SubscriptionNotified
	}
	subTimer int
	subEnd   struct{}
	// subRefresh is the user's wish for the whole state.
	subRefresh struct{}
)

// Timers of a subscriber.
const (
	refreshTimer subTimer = iota // send the next SUBSCRIBE
	lifeTimer                    // the subscription expires
	waitTimer                    // the first or the last NOTIFY
	subTimers
)

// subscriberOutput is one of: subSend, subStart, subStop, subTell.
type subscriberOutput any

type (
	subSend  struct{ expires time.Duration } // a SUBSCRIBE
	subStart struct {
		timer subTimer
		after time.Duration
	}
	subStop struct{}                          // all timers
	subTell struct{ event SubscriptionEvent } // the user
)

const (
	timerN   = 32 * time.Second // 64*T1: wait for the first NOTIFY (RFC 6665 section 4.1.2.4)
	eventual = time.Second      // shortest wait before a refresh
)

// step takes one input and returns what is to be done, in order.
func (s *subscriber) step(now time.Time, in any) []subscriberOutput {
	s.out = nil
	switch in := in.(type) {
	case subAnswered:
		s.answered(now, in)
	case subNotified:
		s.notified(now, in)
	case subTimer:
		s.expired(now, in)
	case subEnd:
		s.leave()
	case subRefresh:
		if s.state == unconfirmed || s.state == active {
			s.do(subSend{s.asked})
		}
	}
	return s.out
}

func (s *subscriber) do(o subscriberOutput) { s.out = append(s.out, o) }

func (s *subscriber) answered(now time.Time, in subAnswered) {
	switch s.state {
	case asking:
		s.firstAnswer(now, in)
	case unconfirmed, active:
		if in.number == 0 {
			if in.code < 300 && in.granted >= 0 && s.state == active && !s.refer { // NOTIFY was faster
				s.live(now, in.granted)
			}
			return
		}
		s.refreshed(now, in)
	case leaving:
		if in.code >= 300 && in.number > 0 {
			s.over(SubscriptionEnded{Code: in.code, Phrase: in.phrase, Established: true})
		}
	}
}

func (s *subscriber) firstAnswer(now time.Time, in subAnswered) {
	if in.code >= 300 {
		s.over(SubscriptionEnded{
			Code: in.code, Phrase: in.phrase, MinExpires: in.minExpires, RetryAfter: in.retryAfter, Err: in.err,
		})
		return
	}
	if !in.contact && !s.refer {
		s.over(SubscriptionEnded{Code: in.code, Phrase: in.phrase, NoContact: true})
		return
	}
	s.state = unconfirmed
	life := in.granted
	if life < 0 || s.refer {
		life = s.asked
	}
	s.do(subTell{SubscriptionStarted{Expires: life}})
	if s.refer { // the peer says in its NOTIFYs how long it lasts
		s.do(subStart{waitTimer, s.asked})
	} else {
		s.do(subStart{waitTimer, timerN})
		s.live(now, life)
	}
	if s.leaveNow {
		s.leave() // which does nothing if it is over
	}
}

// live notes how long the subscription lasts and plans the refresh
// (application.md 7.3). One that lasts for no time is over (13.4).
func (s *subscriber) live(now time.Time, life time.Duration) {
	if life <= 0 {
		s.over(SubscriptionEnded{Reason: "timeout", Established: true})
		return
	}
	s.expires = now.Add(life)
	s.do(subStart{lifeTimer, life})
	s.do(subStart{refreshTimer, max(eventual, life-30*time.Second, life/2)})
}

// refreshed takes the answer to a SUBSCRIBE in the dialog. What ends the
// subscription is said by RFC 6665 section 4.1.2.2 and RFC 5057; after any other
// refusal it lasts until it expires.
func (s *subscriber) refreshed(now time.Time, in subAnswered) {
	switch {
	case in.code < 300:
		s.retried = false
		life := in.granted
		if life < 0 {
			life = s.asked
		}
		s.live(now, life)
	case in.code == 423 && in.minExpires > s.asked && !s.retried:
		s.retried, s.asked = true, in.minExpires
		s.do(subSend{s.asked})
	case endsSubscription(in.code):
		s.over(SubscriptionEnded{
			Code: in.code, Phrase: in.phrase, MinExpires: in.minExpires, RetryAfter: in.retryAfter, Established: true, Err: in.err,
		})
	default:
		s.do(subStart{refreshTimer, max(eventual, s.expires.Sub(now)/2)})
	}
}

func endsSubscription(code int) bool {
	switch code {
	case 404, 405, 408, 410, 416, 423, 481, 482, 483, 484, 485, 489, 501, 604:
		return true
	}
	return code == 480
}

func (s *subscriber) notified(now time.Time, in subNotified) {
	if s.state == subscriptionOver {
		return
	}
	if s.state == asking {
		s.state = active
		s.do(subTell{SubscriptionStarted{Expires: max(in.expires, 0)}})
	}
	s.do(subTell{in.event})
	if in.state == "terminated" {
		s.over(SubscriptionEnded{Reason: in.reason, RetryAfter: in.retryAfter, Established: true})
		return
	}
	if s.state == leaving {
		return
	}
	if s.state == unconfirmed {
		s.do(subStart{waitTimer, 0})
	}
	s.state = active
	switch {
	case in.expires >= 0:
		s.live(now, in.expires)
	case s.expires.IsZero():
		s.live(now, s.asked)
	}
	if s.leaveNow {
		s.leave()
	}
}

func (s *subscriber) expired(now time.Time, t subTimer) {
	switch {
	case s.state == subscriptionOver:
	case t == refreshTimer && s.state != leaving:
		s.do(subSend{s.asked})
	case t == waitTimer && s.state == leaving:
		s.over(SubscriptionEnded{Code: 408, Phrase: Phrase(408), Established: true})
	case t == waitTimer && s.state == unconfirmed:
		s.over(SubscriptionEnded{Code: 408, Phrase: Phrase(408)})
	case t == lifeTimer && s.state != leaving:
		s.over(SubscriptionEnded{Code: 408, Phrase: Phrase(408), Reason: "timeout", Established: true})
	}
}

// leave asks the peer to end the subscription. One that is not known to exist
// yet is ended when it is.
func (s *subscriber) leave() {
	switch s.state {
	case asking:
		s.leaveNow = true
	case unconfirmed, active:
		s.state = leaving
		s.do(subStop{})
		s.do(subSend{0})
		s.do(subStart{waitTimer, s.limit})
	}
}

func (s *subscriber) over(event SubscriptionEnded) {
	s.state = subscriptionOver
	s.do(subStop{})
	s.do(subTell{event})
}
