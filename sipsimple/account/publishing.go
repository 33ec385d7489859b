package account

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// publishing is the shell of a publisher. It runs on the manager's executor.
type publishing struct {
	s           *stored
	machine     publisher
	timer       *time.Timer
	number      int           // tells a timer from the one it replaced
	request     *core.Request // under way
	asked       time.Duration // by it
	lookup      func()        // abandons the look-up under way
	publication *Publication  // nil before the first PUBLISH
	waiting     []func()      // told when nothing is left
}

func newPublishing(s *stored) *publishing {
	p := &publishing{s: s}
	p.machine = publisher{
		interval: func() time.Duration { return time.Duration(s.settings.SIP.PublishInterval.Get()) * time.Second },
		chance:   s.manager.chance,
	}
	return p
}

// publishPresence makes the server have what the application and the settings
// want.
func (s *stored) publishPresence() {
	if s.active && s.presence != nil && s.settings.Presence.Enabled.Get() {
		s.publishing.feed(pubWanted{s.presence})
	} else {
		s.publishing.feed(pubUnwanted{})
	}
}

// leave removes what was published and tells done when that is over.
func (p *publishing) leave(done func()) {
	p.waiting = append(p.waiting, done)
	p.feed(pubUnwanted{})
}

// feed hands an input to the machine and carries out what it wants.
func (p *publishing) feed(in any) {
	out := p.machine.step(time.Now(), in)
	p.s.published.Store(p.machine.published())
	for _, o := range out {
		p.do(o)
	}
}

func (p *publishing) do(o any) {
	switch o := o.(type) {
	case pubLocate:
		p.lookup = p.s.manager.locate(p.s.nextHop(), func(routes []core.Route, err error) {
			p.lookup = nil
			p.feed(pubLocated{routes, err})
		})
	case pubSend:
		p.send(o)
	case pubAbandon:
		p.abandon()
	case pubStart:
		p.start(o.after)
	case pubStop:
		p.stop()
	case pubTell:
		p.s.tell(o.data)
	case pubNote:
		if p.publication != nil {
			p.s.manager.cfg.Center.Post(p.publication, o.data)
		}
	case pubForget:
		p.publication = nil
	case pubDone:
		waiting := p.waiting
		p.waiting = nil
		for _, done := range waiting {
			done()
		}
	}
}

func (p *publishing) abandon() {
	if p.lookup != nil {
		p.lookup()
		p.lookup = nil
	}
	if p.request != nil {
		p.request.Close()
		p.request = nil
	}
}

func (p *publishing) start(after time.Duration) {
	p.stop()
	number := p.number
	p.timer = time.AfterFunc(max(after, 1), func() {
		p.s.manager.post(func() {
			if p.number == number {
				p.feed(pubTimer{})
			}
		})
	})
}

func (p *publishing) stop() {
	p.number++
	if p.timer != nil {
		p.timer.Stop()
	}
}

// send sends a PUBLISH, in the name the publication was made with.
func (p *publishing) send(o pubSend) {
	if p.publication == nil {
		p.publication = &Publication{from: p.s.account.Address(), credentials: p.s.account.Credentials()}
	}
	engine := p.s.manager.network.Engine
	if _, err := engine.LocalAddrFor(o.route); err != nil {
		p.s.manager.log().Debug("route is of no use", "route", o.route.String(), "error", err)
		p.s.manager.post(func() { p.feed(pubAnswered{skipped: true}) })
		return
	}
	p.asked = o.expires
	var request *core.Request
	handler := func(event core.RequestEvent) {
		if p.request == request {
			p.heard(event)
		}
	}
	request = engine.Request(&p.s.manager.box, requestHandler(handler), p.publication.params(o))
	p.request = request
}

func (p *publishing) heard(event core.RequestEvent) {
	in := pubAnswered{}
	switch e := event.(type) {
	case core.RequestAnswered:
		in = readPublished(e, p.asked)
	case core.RequestTimeout:
		in.code = 408
	case core.RequestFailed:
		in.code, in.reason = 503, "Transport Error"
		p.s.manager.log().Debug("PUBLISH was not sent", "error", e.Err)
	default:
		return
	}
	in.reason = orPhrase(in.code, in.reason)
	p.request = nil
	p.feed(in)
}
