package notification

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
)

// Observer receives notifications. It is called on the dispatcher, without any
// lock held: it may call every method of the middleware, and must be quick,
// because nobody else is served meanwhile.
type Observer interface {
	HandleNotification(Notification)
}

// ObserverFunc is a function as an [Observer].
type ObserverFunc func(Notification)

// HandleNotification calls f.
func (f ObserverFunc) HandleNotification(n Notification) { f(n) }

// Filter selects notifications. Zero fields select everything.
type Filter struct {
	Name   string // exact name, "" for any
	Sender any    // compared as a map key is (==), nil for any
}

func (f Filter) matches(n *Notification) bool {
	return (f.Name == "" || f.Name == n.Name) && (f.Sender == nil || f.Sender == n.Sender)
}

// Center delivers notifications. Make one with [NewCenter]; it may be used from
// any goroutine and needs no Close: an idle centre holds no goroutine.
type Center struct {
	log *slog.Logger
	box mailbox.Queue[delivery]
	ctx context.Context // marks the dispatcher, for [Notification.Context]

	mu         sync.Mutex
	seq        uint64
	registered registry
}

// NewCenter returns an empty centre. log receives the panics of observers; nil
// means slog.Default().
func NewCenter(log *slog.Logger) *Center {
	if log == nil {
		log = slog.Default()
	}
	c := &Center{log: log}
	c.ctx = context.WithValue(context.Background(), dispatcherKey{}, c)
	return c
}

// Handle is one registration of an observer.
type Handle struct {
	center   *Center
	observer Observer
	filters  []Filter
	one      [1]Filter // room for filters: mostly there is one
	number   uint64    // its place among all

	mu        sync.Mutex
	cancelled bool
	busy      bool          // a delivery is in flight
	over      chan struct{} // closed when it is over; nil unless somebody waits
}

// AddObserver registers observer for everything that one of the filters
// selects (no filter: everything). Each notification reaches one registration
// at most once.
func (c *Center) AddObserver(observer Observer, filters ...Filter) *Handle {
	h := &Handle{center: c, observer: observer}
	h.filters = append(h.one[:0], filters...)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.registered.add(h)
	return h
}

// Cancel ends the registration: after it returns no new delivery starts. It
// may be called from an observer, and more than once.
func (h *Handle) Cancel() {
	h.mu.Lock()
	again := h.cancelled
	h.cancelled = true
	h.mu.Unlock()
	if again {
		return
	}
	c := h.center
	c.mu.Lock()
	defer c.mu.Unlock()
	c.registered.remove(h)
}

// CancelWait is Cancel, and waits for a delivery in flight. Never call it from
// the observer itself.
func (h *Handle) CancelWait() {
	h.Cancel()
	h.mu.Lock()
	if h.busy && h.over == nil {
		h.over = make(chan struct{})
	}
	over := h.over
	h.mu.Unlock()
	if over != nil {
		<-over
	}
}

// begin marks a delivery, unless the registration has been cancelled; end undoes
// it.
func (h *Handle) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy = !h.cancelled
	return h.busy
}

func (h *Handle) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy = false
	if h.over != nil {
		close(h.over)
		h.over = nil
	}
}

// Post queues a notification and returns at once; data must not be nil. It is
// safe while locks are held: no observer runs in the poster's stack.
func (c *Center) Post(sender any, data Data) { c.post(sender, data, nil, nil) }

// PostBehind is Post for somebody who is in the middle of a step, under a lock:
// the delivery waits until the lock is free, so that no observer sees half of
// the step. Whoever holds the lock must not wait for a delivery.
func (c *Center) PostBehind(step sync.Locker, sender any, data Data) { c.post(sender, data, step, nil) }

// PostWait posts and waits until every observer has been called. With a context
// taken from [Notification.Context] it does not wait. It returns early, with
// the context's error, when ctx ends.
func (c *Center) PostWait(ctx context.Context, sender any, data Data) error {
	if ctx.Value(dispatcherKey{}) == c {
		c.Post(sender, data)
		return nil
	}
	done := make(chan struct{})
	c.post(sender, data, nil, done)
	return await(ctx, done)
}

// Then calls f on the dispatcher, once everything posted so far has been
// delivered. f must be as quick as an observer. It returns at once.
func (c *Center) Then(f func()) { c.box.Post(delivery{then: f}) }

// Flush waits until everything posted so far has been delivered.
func (c *Center) Flush(ctx context.Context) error {
	done := make(chan struct{})
	c.Then(func() { close(done) })
	return await(ctx, done)
}

func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Center) post(sender any, data Data, step sync.Locker, done chan<- struct{}) {
	if data == nil {
		panic("notification: posted without data")
	}
	c.mu.Lock()
	defer c.mu.Unlock() // held over box.Post, so that Seq is the order of delivery
	c.seq++
	n := Notification{Name: data.NotificationName(), Sender: sender, Data: data, Timestamp: time.Now(), Seq: c.seq, Center: c}
	c.box.Post(delivery{n: n, step: step, done: done})
}

// delivery is what the dispatcher has to do: to deliver a notification, or to
// call a function.
type delivery struct {
	then func() // nil: there is a notification
	n    Notification
	step sync.Locker     // to wait for; may be nil
	done chan<- struct{} // to be closed; may be nil
}

// Run implements [mailbox.Item].
func (d delivery) Run() {
	if d.then != nil {
		d.then()
		return
	}
	if d.done != nil {
		defer close(d.done)
	}
	if d.step != nil {
		d.step.Lock()
		d.step.Unlock() //lint:ignore SA2001 only to wait
	}
	d.n.Center.deliver(d.n)
}

type dispatcherKey struct{}

// deliver calls the observers registered at this moment; who is added or
// cancelled meanwhile changes the next round.
func (c *Center) deliver(n Notification) {
	c.mu.Lock()
	general, certain := c.registered.of(n.Sender)
	c.mu.Unlock()
	n.ctx = c.ctx
	for h := next(&general, &certain); h != nil; h = next(&general, &certain) {
		if h.wants(&n) {
			h.call(n)
		}
	}
}

func (h *Handle) wants(n *Notification) bool {
	return len(h.filters) == 0 || slices.ContainsFunc(h.filters, func(f Filter) bool { return f.matches(n) })
}

func (h *Handle) call(n Notification) {
	if !h.begin() {
		return
	}
	defer h.end()
	defer func() {
		if r := recover(); r != nil {
			h.center.log.Error("observer panicked", "notification", n.Name, "observer", fmt.Sprintf("%T", h.observer),
				"panic", r, "stack", string(debug.Stack()))
		}
	}()
	h.observer.HandleNotification(n)
}
