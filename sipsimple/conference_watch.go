package sipsimple

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/conferenceinfo"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// conferenceWatch is the subscription to the state of the conference (RFC 4575,
// event package conference). Nothing is notified about the subscription itself:
// what goes wrong is tried again as the table of [conferenceWatch.retry] says.
type conferenceWatch struct {
	request *focusRequest // nil while none is out
	expires time.Duration // to ask for; 0 means an hour
	picture conferenceinfo.Picture

	since time.Time // the subscription stands; zero before
	hasty bool      // the one before was lost soon
}

// soon is how long a subscription must have stood for one that is lost to be
// made anew at once every time: a focus that takes and drops it is not asked
// again and again.
const soon = 30 * time.Second

func (w *conferenceWatch) subscribe(m *machine) {
	w.request = m.conference.ask(m, w, func(p *core.SubscriptionParams) {
		p.Event, p.Accept, p.Expires = "conference", []string{conferenceinfo.ContentType}, w.expires
	})
}

func (w *conferenceWatch) drop(m *machine) {
	if w.request != nil {
		w.request.drop(m)
		w.request = nil
	}
}

// anew ends what there is and subscribes again: the focus must learn where we are
// (7.16).
func (w *conferenceWatch) anew(m *machine) {
	w.drop(m)
	*w = conferenceWatch{expires: w.expires}
	m.setConference(conferenceValues{active: true})
	w.subscribe(m)
}

func (w *conferenceWatch) started(m *machine) {
	w.since = m.out.now()
	m.setConference(conferenceValues{active: true, subscribed: true})
}

// notified takes a document. What cannot be read is ignored (CNF-04).
func (w *conferenceWatch) notified(m *machine, e core.SubscriptionNotified) {
	if len(e.Body) == 0 || e.ContentType != conferenceinfo.ContentType {
		return
	}
	doc, err := conferenceinfo.Parse(e.Body)
	if err != nil {
		return
	}
	switch w.picture.Apply(doc) {
	case conferenceinfo.Applied:
		m.notify(SIPSessionGotConferenceInfo{ConferenceInfo: w.picture.Document()})
	case conferenceinfo.Gap: // a refresh brings the whole picture (RFC 4575 section 4.4)
		if e.State != "terminated" {
			w.request.handle.Refresh()
		}
	}
}

func (w *conferenceWatch) lookUpFailed(m *machine, _ error) {
	w.again(m, 15*time.Second, 30*time.Second)
}
func (w *conferenceWatch) exhausted(m *machine) { w.again(m, time.Minute, 3*time.Minute) }

func (w *conferenceWatch) ended(m *machine, e core.SubscriptionEnded) {
	w.request = nil
	m.setConference(conferenceValues{active: true})
	from, to, again := w.retry(m, e)
	w.since = time.Time{}
	if again {
		w.again(m, from, to)
	}
}

// retry is the table of session.md 7.16: how long to wait before the next
// attempt, if there is to be one.
func (w *conferenceWatch) retry(m *machine, e core.SubscriptionEnded) (from, to time.Duration, again bool) {
	switch {
	case e.Established:
		return w.lost(m, e)
	case w.never(e):
		return 0, 0, false
	case e.Code == 0: // a fault here
		return 5 * time.Second, 5 * time.Second, true
	case e.Code == 423:
		w.expires = max(w.expires, e.MinExpires)
	}
	return time.Minute, 2 * time.Minute, true // 401, 407, 423
}

// lost is the end of a subscription that stood: it is made anew at once, unless
// the focus has said that it is to last no longer (RFC 6665 section 4.1.3).
func (w *conferenceWatch) lost(m *machine, e core.SubscriptionEnded) (from, to time.Duration, again bool) {
	switch e.Reason {
	case "rejected", "noresource", "invariant":
		return 0, 0, false
	case "probation", "giveup":
		if e.RetryAfter > 0 {
			return e.RetryAfter, e.RetryAfter, true
		}
	}
	if e.Code == 423 {
		w.expires = max(w.expires, e.MinExpires)
	}
	hasty := w.hasty
	w.hasty = m.out.now().Sub(w.since) < soon
	if hasty && w.hasty {
		return time.Minute, 3 * time.Minute, true
	}
	return 0, 0, true
}

// never are refusals that will not change.
func (w *conferenceWatch) never(e core.SubscriptionEnded) bool {
	switch e.Code {
	case 405, 406, 489:
		return true
	}
	return e.NoContact
}

func (w *conferenceWatch) final(e core.SubscriptionEnded) bool {
	switch e.Code {
	case 0, 401, 407, 423:
		return true
	}
	return w.never(e)
}

// again subscribes after a time drawn between two others, in steps of 10 ms.
func (w *conferenceWatch) again(m *machine, from, to time.Duration) {
	w.request = nil
	if to == 0 {
		w.subscribe(m)
		return
	}
	const step = 10 * time.Millisecond
	wait := from + time.Duration(m.out.random()%uint32((to-from)/step+1))*step
	m.out.startTimer(conferenceTimer, wait)
}
