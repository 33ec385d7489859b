package play

import (
	"bytes"
	"fmt"
	"strings"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
)

// givenUp is a wait that has ended in vain.
type givenUp struct {
	at     time.Duration // instant to report: the last at which anything happened, if nothing would ever have again
	reason string
	waits  []string // what each party is waiting for
}

// giveUp says why a wait that began at since has ended in vain. To know whether
// anything was still to come, it lets time run on, with the logs closed: nobody
// can ask all the timers of a run, but virtual time costs little. Media and
// registrations do not count.
func (d *driver) giveUp(since time.Duration) givenUp {
	d.stopped = d.now()
	last := max(since, d.lastActivity())
	g := givenUp{at: d.stopped, waits: d.waits()}
	waited := (d.stopped - since).Round(time.Millisecond)
	if d.real != nil { // time does not run on for nothing there
		g.reason = fmt.Sprintf("did not happen within %v; the last thing happened at %s", waited, match.FormatTime(last))
		return g
	}
	horizon := last + d.horizon()
	at, what := d.lookAhead(horizon)
	switch {
	case what != "":
		g.reason = fmt.Sprintf("did not happen within %v; the next thing to happen is at %s: %s", waited, match.FormatTime(at), what)
	default:
		g.at = last
		g.reason = fmt.Sprintf("nothing is scheduled: nothing has happened since %s, and nothing will", match.FormatTime(last))
	}
	return g
}

// lookAhead lets time run until something happens, or until an instant. The
// logs do not take up what happens.
func (d *driver) lookAhead(until time.Duration) (at time.Duration, what string) {
	timer := time.NewTimer(until - d.now())
	defer timer.Stop()
	for {
		synctest.Wait()
		if at, what = d.firstFresh(); what != "" {
			return at, what
		}
		select {
		case <-d.changed:
		case <-timer.C:
			return 0, ""
		}
	}
}

// firstFresh is the first thing that has happened and is in no log yet.
func (w *world) firstFresh() (at time.Duration, what string) {
	w.wire.mu.Lock()
	for _, o := range w.wire.fresh {
		if sent := w.at(o.sent); o.protocol == "" && !refreshes(o.data) && (what == "" || sent < at) {
			line, _, _ := bytes.Cut(o.data, []byte("\r\n"))
			at, what = sent, fmt.Sprintf("%s > %s: %s", o.from, o.to, line)
		}
	}
	w.wire.mu.Unlock()
	for _, p := range w.parties {
		p.mu.Lock()
		for _, r := range p.fresh {
			if !strings.HasPrefix(r.event.Name, "SIPAccount") && (what == "" || r.event.At < at) {
				at, what = r.event.At, p.def.Name+": "+r.event.String()
			}
		}
		p.mu.Unlock()
	}
	return at, what
}

// refreshes tells whether a message is of a registration.
func refreshes(data []byte) bool {
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	for line := range bytes.Lines(head) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && bytes.EqualFold(bytes.TrimSpace(name), []byte("CSeq")) {
			return bytes.HasSuffix(bytes.TrimSpace(value), []byte("REGISTER"))
		}
	}
	return false
}

// horizon is longer than anything in the run keeps quiet while something is
// still to come: the limits of the protocol (ringing, 64*T1) and every time that
// the file itself names.
func (d *driver) horizon() time.Duration {
	longest := 200 * time.Second
	longer := func(t time.Duration) { longest = max(longest, t+time.Minute) }
	for _, p := range d.c.Parties {
		for _, value := range p.Settings {
			if t, err := seconds(value); err == nil {
				longer(t)
			}
		}
		for _, def := range p.Streams {
			longer(latest(def))
		}
	}
	for _, def := range d.c.Streams {
		longer(latest(def))
	}
	return longest
}

// latest is the longest time that a double takes.
func latest(def *scenario.StreamDef) time.Duration {
	if def == nil || def.Double == nil {
		return 0
	}
	return max(def.Double.Initialize.After, def.Double.Start.After)
}

// waits says for each party what it is in the middle of.
func (d *driver) waits() []string {
	var lines []string
	for _, p := range d.parties {
		if p.app != nil && p.app.State() == "" {
			lines = append(lines, p.def.Name+": has not been started")
		}
		for _, s := range p.allSessions() {
			if state := s.session.State(); state != sipsimple.Terminated {
				lines = append(lines, fmt.Sprintf("%s: the session %s is %s", p.def.Name, sessionName{s}.Names()[0], state))
			}
		}
		if script := d.scripts.named(p.def.Name); script != nil {
			for _, r := range script.Unread() {
				lines = append(lines, p.def.Name+": has not received "+unreadText(r))
			}
		}
	}
	return lines
}
