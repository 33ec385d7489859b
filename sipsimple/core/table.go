package core

import (
	"hash/maphash"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
)

const (
	maxRemembered  = 4096                 // entries of each memory of the past
	rememberedTime = transaction.Lifetime // how long the past matters: no copy of a request is later
)

// table finds the usage a message belongs to. It is touched on the engine's
// mailbox only. A usage is in it while its INVITE is open or its dialog
// stands, not longer.
type table struct {
	dialogs  map[DialogID]*entry
	calls    map[DialogID]*usage // our own calls, without remote tag
	invites  map[*transaction.Server]*serverInvite
	subs     map[DialogID]*subscribing // without remote tag
	pending  int                       // incoming INVITEs without a final answer
	requests memory[requestKey]
	ended    memory[DialogID]

	after   func(time.Duration, func()) (stop func())
	tidying bool // a timer runs: something is remembered
}

// entry is one dialog, early ones included, and the usage it belongs to.
type entry struct {
	usage  *usage
	dialog *dialog
}

// requestKey is what copies of one request have in common that came by
// different ways (RFC 3261 section 8.2.2.2).
type requestKey struct {
	callID, fromTag string
	seq             uint32
	method          sip.RequestMethod
}

func keyOf(req *sip.Request) requestKey {
	return requestKey{callIDOf(req), fromTag(req), req.CSeq().SeqNo, req.Method}
}

// newTable takes the clock of the mailbox.
func newTable(after func(time.Duration, func()) (stop func())) *table {
	return &table{
		after:   after,
		dialogs: map[DialogID]*entry{},
		calls:   map[DialogID]*usage{},
		invites: map[*transaction.Server]*serverInvite{},
		subs:    map[DialogID]*subscribing{},
	}
}

// addressed is the entry of the dialog a request of the peer is sent in.
func (t *table) addressed(req *sip.Request) *entry {
	return t.dialogs[DialogID{callIDOf(req), toTag(req), fromTag(req)}]
}

func (t *table) add(u *usage, d *dialog) { t.dialogs[d.id] = &entry{u, d} }

// addCall and forget keep the calls we make, as long as they are open.
func (t *table) addCall(u *usage) { t.calls[callOf(u)] = u }

func (t *table) forget(u *usage) {
	if t.calls[callOf(u)] == u {
		delete(t.calls, callOf(u))
	}
}

func callOf(u *usage) DialogID { return DialogID{CallID: u.id.CallID, LocalTag: u.id.LocalTag} }

// end takes a dialog out and remembers that it was there.
func (t *table) end(d *dialog) {
	if t.dialogs[d.id] != nil {
		delete(t.dialogs, d.id)
		if len(t.dialogs) == 0 {
			t.dialogs = map[DialogID]*entry{} // a map does not shrink
		}
		t.ended.put(d.id)
		t.tidyLater()
	}
}

// asked remembers a request outside any dialog.
func (t *table) asked(req *sip.Request) {
	t.requests.put(keyOf(req))
	t.tidyLater()
}

// tidyLater forgets the past when it does not matter any more, so that it takes no
// memory while nothing happens: one timer, for what was put last when it is set.
func (t *table) tidyLater() {
	newest := t.requests.newest()
	if at := t.ended.newest(); at.After(newest) {
		newest = at
	}
	if t.tidying || newest.IsZero() {
		return
	}
	t.tidying = true
	t.after(time.Until(newest.Add(rememberedTime)), func() {
		t.tidying = false
		t.requests.forget()
		t.ended.forget()
		t.tidyLater()
	})
}

// each calls f for every usage, some of them more than once.
func (t *table) each(f func(*usage)) {
	for _, e := range t.dialogs {
		f(e.usage)
	}
	for _, u := range t.calls {
		f(u)
	}
	for _, s := range t.invites {
		f(s.u)
	}
}

// subscribed is the subscription of ours that a request is sent to.
func (t *table) subscribed(req *sip.Request) *subscribing {
	return t.subs[DialogID{CallID: callIDOf(req), LocalTag: toTag(req)}]
}

// eachSubscription calls f for every subscription.
func (t *table) eachSubscription(f func(*subscribing)) {
	for _, s := range t.subs {
		f(s)
	}
}

// memory remembers keys for rememberedTime, at most maxRemembered of them: their
// hashes, which no peer can foresee.
type memory[K comparable] struct {
	seed  maphash.Seed
	known map[uint64]bool
	order []remembered // the oldest first
}

type remembered struct {
	hash uint64
	at   time.Time
}

func (m *memory[K]) put(key K) {
	m.forget()
	if m.known == nil {
		m.seed, m.known = maphash.MakeSeed(), map[uint64]bool{}
	}
	hash := maphash.Comparable(m.seed, key)
	if m.known[hash] {
		return
	}
	m.known[hash] = true
	m.order = append(m.order, remembered{hash, time.Now()})
}

func (m *memory[K]) has(key K) bool {
	m.forget()
	return len(m.known) > 0 && m.known[maphash.Comparable(m.seed, key)]
}

func (m *memory[K]) forget() {
	now := time.Now()
	for len(m.order) > 0 && (len(m.order) >= maxRemembered || now.Sub(m.order[0].at) >= rememberedTime) {
		delete(m.known, m.order[0].hash)
		m.order = m.order[1:]
	}
	if len(m.order) == 0 {
		m.known, m.order = nil, nil // neither gives back its memory otherwise
	}
}

// newest is when the newest key was put, zero if there is none.
func (m *memory[K]) newest() (at time.Time) {
	if n := len(m.order); n > 0 {
		at = m.order[n-1].at
	}
	return at
}
