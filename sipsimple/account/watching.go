package account

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// watching is the shell of a voicemail. It runs on the manager's executor.
type watching struct {
	s       *stored
	machine voicemail
	timer   *time.Timer
	number  int // tells a timer from the one it replaced
	sub     *core.Subscription
	lookup  func()
	waiting []func()
}

func newWatching(s *stored) *watching {
	w := &watching{s: s}
	w.machine = voicemail{
		interval: func() time.Duration { return time.Duration(s.settings.SIP.SubscribeInterval.Get()) * time.Second },
		chance:   s.manager.chance,
	}
	return w
}

// leave ends the subscription and tells done when that is over.
func (w *watching) leave(done func()) {
	w.waiting = append(w.waiting, done)
	w.feed(mwiUnwanted{})
}

func (w *watching) feed(in any) {
	out := w.machine.step(time.Now(), in)
	w.s.mwiActive.Store(w.machine.state == mwiActive)
	for _, o := range out {
		w.do(o)
	}
}

func (w *watching) do(o any) {
	switch o := o.(type) {
	case mwiLocate:
		w.lookup = w.s.manager.locate(w.s.voicemailHop(), func(routes []core.Route, err error) {
			w.lookup = nil
			w.feed(mwiLocated{routes, err})
		})
	case mwiSubscribe:
		w.subscribe(o)
	case mwiEnd:
		w.sub.End()
	case mwiAbandon:
		w.abandon()
	case mwiStart:
		w.start(o)
	case mwiStop:
		w.stop()
	case mwiDone:
		waiting := w.waiting
		w.waiting = nil
		for _, done := range waiting {
			done()
		}
	}
}

func (w *watching) abandon() {
	if w.lookup != nil {
		w.lookup()
		w.lookup = nil
	}
	if w.sub != nil {
		w.sub.Close()
		w.sub = nil
	}
}

func (w *watching) start(o mwiStart) {
	w.stop()
	number, after := w.number, o.retry
	var in any = mwiRetry{}
	if o.limit > 0 {
		in, after = mwiLimit{}, o.limit
	}
	w.timer = time.AfterFunc(max(after, 1), func() {
		w.s.manager.post(func() {
			if w.number == number {
				w.feed(in)
			}
		})
	})
}

func (w *watching) stop() {
	w.number++
	if w.timer != nil {
		w.timer.Stop()
	}
}

// target is whose messages are asked for.
func (w *watching) target() sip.Uri {
	if mailbox, ok := w.s.settings.MessageSummary.VoicemailURI.Get(); ok {
		return sip.Uri{Scheme: "sip", User: mailbox.Username, Host: mailbox.Domain}
	}
	return w.s.account.URI()
}

func (w *watching) subscribe(o mwiSubscribe) {
	engine := w.s.manager.network.Engine
	if _, err := engine.LocalAddrFor(o.route); err != nil {
		w.s.manager.post(func() { w.feed(mwiEnded{code: 503}) })
		return
	}
	acc := w.s.account
	w.sub = engine.Subscribe(&w.s.manager.box, subscriptionHandler(w.heard), core.SubscriptionParams{
		From: acc.Address(), To: core.Address{URI: w.target()}, Route: o.route, Contact: acc.DialogContact(),
		Credentials: acc.Credentials(), Event: "message-summary", Accept: []string{summaryType}, Expires: o.expires, Timeout: o.timeout,
	})
}

// subscriptionHandler is a function as a [core.SubscriptionHandler].
type subscriptionHandler func(event core.SubscriptionEvent)

// HandleSubscription implements [core.SubscriptionHandler].
func (f subscriptionHandler) HandleSubscription(event core.SubscriptionEvent) { f(event) }

func (w *watching) heard(event core.SubscriptionEvent) {
	switch e := event.(type) {
	case core.SubscriptionStarted:
		w.feed(mwiStarted{})
	case core.SubscriptionNotified:
		w.summary(e)
	case core.SubscriptionEnded:
		w.sub = nil
		w.feed(mwiEnded{
			code: e.Code, established: e.Established, noContact: e.NoContact, minExpires: e.MinExpires,
			internal: e.Code == 0 && e.Err != nil,
		})
	}
}

// summary tells of a body that can be read; others are ignored.
func (w *watching) summary(e core.SubscriptionNotified) {
	if e.ContentType != summaryType || len(e.Body) == 0 {
		return
	}
	summary, err := ParseMessageSummary(e.Body)
	if err != nil {
		w.s.manager.log().Debug("message summary is not understood", "error", err)
		return
	}
	if uri := summary.account(); uri != "" {
		w.s.voicemail.Store(&uri)
	}
	w.s.tell(SIPAccountMWIDidGetSummary{MessageSummary: summary})
}
