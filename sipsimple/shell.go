package sipsimple

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// shell is the surroundings of a machine in the real world: the notification
// centre, time, the engine, and the executor of the session, on which every
// event arrives. Except where marked its methods are called from the machine
// only, one at a time.
type shell struct {
	app     *Application
	session *Session

	timers  []*runningTimer // few at a time, mostly none
	stopped *runningTimer   // for the next one; may be nil
	started int             // timers so far: tells one from the one it replaced
	watched []watchedStream
}

func (sh *shell) notify(data notification.Data) {
	sh.app.center.PostBehind(&sh.session.step, sh.session, data)
}

func (sh *shell) soon(e event) { sh.app.center.Then(func() { sh.session.post(e) }) }

// runningTimer is a timer and its number.
type runningTimer struct {
	*time.Timer
	name    timer
	number  int
	session atomic.Pointer[Session] // nil once it is stopped: the runtime holds the timer for as long as it would have run
}

func (sh *shell) startTimer(t timer, d time.Duration) {
	sh.stopTimer(t)
	sh.started++
	running := sh.stopped
	sh.stopped = nil
	if running == nil {
		running = &runningTimer{}
	}
	running.name, running.number = t, sh.started
	running.session.Store(sh.session)
	running.start(max(d, 1))
	sh.timers = append(sh.timers, running)
}

func (r *runningTimer) start(d time.Duration) {
	if r.Timer == nil {
		r.Timer = time.AfterFunc(d, r.expired)
	} else {
		r.Reset(d)
	}
}

func (r *runningTimer) expired() {
	if s := r.session.Load(); s != nil {
		s.box.Post(func() { s.expire(r.name, r.number) })
	}
}

func (sh *shell) stopTimer(t timer) {
	running := sh.takeTimer(t, 0)
	if running == nil {
		return
	}
	if running.Stop() { // else it has run out, and its expiry finds itself out of date
		sh.stopped = running
	}
	running.session.Store(nil)
}

// takeTimer takes a timer out of the list, if it has that number, 0 being any;
// else it is nil.
func (sh *shell) takeTimer(t timer, number int) *runningTimer {
	for i, running := range sh.timers {
		if running.name == t && (number == 0 || running.number == number) {
			sh.timers = slices.Delete(sh.timers, i, i+1)
			return running
		}
	}
	return nil
}

func (sh *shell) now() time.Time { return time.Now() }

func (sh *shell) owner() streams.Session { return sh.session }

func (sh *shell) watch(stream streams.MediaStream) {
	handle := sh.app.center.AddObserver(watcher{sh.session}, notification.Filter{Sender: stream})
	sh.watched = append(sh.watched, watchedStream{stream, handle})
}

// watcher observes the streams of a session.
type watcher struct{ session *Session }

// HandleNotification implements [notification.Observer].
func (w watcher) HandleNotification(n notification.Notification) {
	if e, ok := streamEventOf(n.Sender.(streams.MediaStream), n.Data); ok {
		w.session.post(e)
	}
}

func streamEventOf(stream streams.MediaStream, data notification.Data) (streamEvent, bool) {
	switch data := data.(type) {
	case streams.MediaStreamDidInitialize:
		return streamEvent{stream: stream, what: streamInitialized}, true
	case streams.MediaStreamDidStart:
		return streamEvent{stream: stream, what: streamStarted}, true
	case streams.MediaStreamDidFail:
		return streamEvent{stream: stream, what: streamFailed, reason: data.Reason}, true
	case streams.MediaStreamDidEnd:
		return streamEvent{stream: stream, what: streamEnded}, true
	default:
		return streamEvent{}, false
	}
}

// watchedStream is a stream whose events the machine gets.
type watchedStream struct {
	stream streams.MediaStream
	handle *notification.Handle
}

func (sh *shell) unwatch(stream streams.MediaStream) {
	sh.app.leaving.add(stream)
	sh.watched = slices.DeleteFunc(sh.watched, func(w watchedStream) bool {
		if w.stream != stream {
			return false
		}
		w.handle.Cancel()
		return true
	})
}

func (sh *shell) settings() settings {
	return settings{inviteTimeout: sh.app.inviteTimeout(), userAgent: sh.app.userAgent()}
}

func (sh *shell) newInvitation(p core.OutgoingParams) invitation {
	return sh.app.Engine().NewInvitation(&sh.session.box, inbox{sh.session}, p)
}

// addressFacing leaves the look-up of a name to the engine.
func (sh *shell) addressFacing(route core.Route) (netip.Addr, error) {
	if _, err := netip.ParseAddr(route.Address); err != nil {
		s := sh.session
		sh.app.Engine().Locate(&s.box, route, func(to core.Route, local netip.Addr, err error) {
			s.handle(located{route: to, local: local, err: err})
		})
		return netip.Addr{}, errLookingUp
	}
	return sh.app.Engine().LocalAddrFor(route)
}

func (sh *shell) try(f func()) bool { return sh.app.guarded(f) }

func (sh *shell) random() uint32 {
	var bits [4]byte
	sh.app.random(bits[:])
	return binary.BigEndian.Uint32(bits[:])
}

func (sh *shell) streamsFor(offer *psdp.SessionDescription, indexes []int) []streams.MediaStream {
	return sh.app.streamsFor(sh.session.Account(), offer, indexes)
}

func (sh *shell) opened() error { return sh.app.manager.admit(sh.session) }

func (sh *shell) closed() { sh.app.manager.remove(sh.session) }

// credentials answer challenges in the account's name; nil without a password.
func credentials(acc *account.Account) *core.Credentials { return acc.Credentials() }
