package account

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// publisher is the publication of the presence of one account as a pure machine
// (application.md 8.2; RFC 3903 section 4): inputs are facts and wishes, outputs
// are orders to the shell (publishing.go). At most one PUBLISH is under way at any
// time.
//
//	state      what happens                                 ends by
//	idle       nothing                                      pubWanted
//	locating   routes are looked up                         their coming
//	trying     a PUBLISH is under way                       its answer
//	published  the server has what we published             refresh, another document
//	waiting    for the next try after a failure             the timer, another document
//	draining   as trying, but nobody wants it any more      its answer, 2 s
//	leaving    a PUBLISH with Expires 0 is under way        its answer, 2 s
type publisher struct {
	interval func() time.Duration // what to ask for
	chance   func() float64       // from 0 to 1

	state   pubState
	wanted  *PresenceState // nil: nothing is to be published
	sent    *PresenceState // what the server has
	offered *PresenceState // what the PUBLISH under way leaves there
	restart bool           // begin anew when the leaving is done

	tag     string // entity tag of what the server has, "" when it has nothing
	expires time.Time
	raised  time.Duration // Min-Expires of a 423

	begun         time.Time // the attempt
	routes        []core.Route
	route         core.Route // in use, or the last that was
	dns, failures backoff
	out           []any
}

type pubState int

const (
	pubIdle pubState = iota
	pubLocating
	pubTrying
	pubPublished
	pubWaiting
	pubDraining
	pubLeaving
)

// Inputs.
type (
	pubWanted   struct{ state *PresenceState } // not nil
	pubUnwanted struct{}
	pubReload   struct{} // the settings have changed: begin anew
	pubNetwork  struct{} // our address or name servers have changed
	pubLocated  struct {
		routes []core.Route
		err    error
	}
	// pubAnswered is the outcome of the PUBLISH under way.
	pubAnswered struct {
		code       int
		reason     string
		skipped    bool // nothing was sent: the route cannot be used from here
		tag        string
		granted    time.Duration // of a 2xx
		minExpires time.Duration // of a 423
	}
	pubTimer struct{} // the one that runs has run out
)

// Outputs.
type (
	pubLocate struct{}
	pubSend   struct {
		route   core.Route
		tag     string         // of SIP-If-Match, "" for a first PUBLISH
		state   *PresenceState // nil: what the server has is only refreshed, or removed
		expires time.Duration  // 0 removes it
		timeout time.Duration
	}
	pubAbandon struct{}                         // the look-up or the PUBLISH under way is of no interest any more
	pubStart   struct{ after time.Duration }    // the timer
	pubStop    struct{}                         // the timer
	pubTell    struct{ data notification.Data } // with the account as sender
	pubNote    struct{ data notification.Data } // with the publication as sender
	pubForget  struct{}                         // the publication is over: the next one is another
	pubDone    struct{}                         // nothing is wanted and nothing is left
)

// step takes one input and returns what is to be done, in order.
func (p *publisher) step(now time.Time, in any) []any {
	p.out = nil
	switch in := in.(type) {
	case pubWanted:
		p.want(now, in.state)
	case pubUnwanted:
		p.wanted, p.restart = nil, false
		p.release(now)
	case pubReload:
		p.raised = 0
		if p.wanted != nil {
			p.restart = true
			p.release(now)
		}
	case pubNetwork:
		p.renew(now)
	case pubLocated:
		p.located(now, in)
	case pubAnswered:
		p.answered(now, in)
	case pubTimer:
		p.expired(now)
	}
	return p.out
}

func (p *publisher) do(o any)                         { p.out = append(p.out, o) }
func (p *publisher) tell(data notification.Data)      { p.do(pubTell{data}) }
func (p *publisher) note(data notification.Data)      { p.do(pubNote{data}) }
func (p *publisher) has(now time.Time) bool           { return p.tag != "" && now.Before(p.expires) }
func (p *publisher) used(now time.Time) time.Duration { return now.Sub(p.begun) }

// published says whether the server has something of ours.
func (p *publisher) published() bool { return p.tag != "" }

func (p *publisher) want(now time.Time, state *PresenceState) {
	p.wanted = state
	switch p.state {
	case pubIdle, pubPublished, pubWaiting:
		p.begin(now)
	case pubDraining, pubLeaving:
		p.restart = true
	} // else it follows what is under way
}

// renew tells the server again, at once where we are waiting or at rest.
func (p *publisher) renew(now time.Time) {
	switch p.state {
	case pubPublished, pubWaiting:
		p.begin(now)
	case pubLocating:
		p.do(pubAbandon{})
		p.do(pubLocate{})
	}
}

// begin makes an attempt: with the document if the server does not have it, else
// just to refresh it.
func (p *publisher) begin(now time.Time) {
	p.do(pubStop{})
	p.restart = false
	if p.tag != "" && !p.has(now) {
		p.lapse()
	}
	if p.tag == "" || p.sent != p.wanted {
		p.tell(PresencePublicationWillPublish{})
	} else {
		p.tell(PresencePublicationWillRefresh{})
	}
	p.state, p.begun = pubLocating, now
	p.do(pubLocate{})
}

// lapse notes that the server has dropped what we published before it could be
// refreshed.
func (p *publisher) lapse() {
	p.tag, p.sent = "", nil
	p.note(SIPPublicationDidEnd{Expired: true})
}

func (p *publisher) located(now time.Time, in pubLocated) {
	switch {
	case p.state != pubLocating:
	case in.err != nil:
		p.fail("DNS lookup failed: "+in.err.Error(), p.dns.delay(p.chance()))
	default:
		p.dns.reset()
		p.routes = in.routes
		p.next(now)
	}
}

// next sends the PUBLISH by the next route.
func (p *publisher) next(now time.Time) {
	if len(p.routes) == 0 || p.used(now) >= attemptLimit {
		p.fail("No more routes to try", p.failures.delay(p.chance()))
		return
	}
	p.route, p.routes = p.routes[0], p.routes[1:]
	p.state = pubTrying
	p.send(now)
}

func (p *publisher) send(now time.Time) {
	o := pubSend{route: p.route, tag: p.tag, expires: p.asked(), timeout: turn(p.used(now), time.Second, 10*time.Second)}
	p.offered = p.wanted
	if p.tag == "" || p.sent != p.wanted {
		o.state = p.wanted
	}
	p.do(o)
}

// asked is what to ask for: the setting, or more if a server wants more.
func (p *publisher) asked() time.Duration { return max(p.interval(), p.raised, time.Second) }

func (p *publisher) answered(now time.Time, in pubAnswered) {
	switch p.state {
	case pubTrying:
		p.tried(now, in)
	case pubDraining:
		p.drained(now, in)
	case pubLeaving:
		p.left(now, in)
	}
}

func (p *publisher) tried(now time.Time, in pubAnswered) {
	switch {
	case in.skipped:
		p.next(now)
		return
	case in.code < 300 && in.granted > 0:
		p.succeed(now, in)
		return
	}
	p.note(SIPPublicationDidFail{in.code, in.reason, p.route})
	switch in.code {
	case 412: // the server has forgotten it (RFC 3903 section 4.3)
		if p.tag != "" && p.used(now) < attemptLimit {
			p.tag, p.sent = "", nil
			p.send(now)
			return
		}
		p.next(now)
	case 401, 407: // D12
		p.fail("Authentication failed", between(time.Minute, 2*time.Minute, p.chance()))
	case 423:
		p.raised = max(p.raised, min(in.minExpires, maxInterval))
		p.fail("Interval too short", between(time.Minute, 2*time.Minute, p.chance()))
	case 405, 406, 489:
		p.fail(in.reason, time.Hour)
	default:
		p.next(now)
	}
}

func (p *publisher) succeed(now time.Time, in pubAnswered) {
	p.failures.reset()
	p.state, p.sent = pubPublished, p.offered
	p.tag, p.expires = in.tag, now.Add(in.granted)
	seconds := int(in.granted / time.Second)
	p.note(SIPPublicationDidSucceed{in.code, in.reason, seconds, p.route})
	p.tell(PresencePublicationDidSucceed{Expires: seconds, Server: p.route})
	if p.sent != p.wanted {
		p.begin(now)
		return
	}
	p.do(pubStart{refreshAfter(min(in.granted, max(p.asked(), maxInterval)))})
}

// fail waits for the next try. What the server has stays there for as long as it
// granted.
func (p *publisher) fail(text string, delay time.Duration) {
	p.routes = nil
	p.tell(PresencePublicationDidFail{Error: text, Timeout: delay.Seconds()})
	p.state = pubWaiting
	p.do(pubStart{delay})
}

func (p *publisher) expired(now time.Time) {
	switch p.state {
	case pubPublished:
		p.note(SIPPublicationWillExpire{Expires: int(p.expires.Sub(now) / time.Second)})
		p.begin(now)
	case pubWaiting:
		p.begin(now)
	case pubDraining, pubLeaving:
		p.do(pubAbandon{})
		if p.state == pubLeaving {
			p.notEnded(408, core.Phrase(408))
		}
		p.finish(now)
	}
}
