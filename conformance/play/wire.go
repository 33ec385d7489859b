package play

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/wirefields"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Message is one sending of one SIP message.
type Message struct {
	Event     match.Event
	From, To  string // names of hosts
	Transport string
	Data      []byte

	arrives time.Duration
	msg     sip.Message // nil if it cannot be parsed
}

// octets is a message as it was sent, before the driver has looked at it.
type octets struct {
	sent, arrives time.Time
	from, to      string
	transport     string
	protocol      simnet.Protocol // "" = SIP
	src, dst      string          // of a TCP segment, or of a message on a connection
	data          []byte
	lost          bool
	serial        int
}

// wireLogs are the messages of one protocol in the order of either end.
type wireLogs struct{ sent, received match.Log }

// wireLog is everything that went over the wire. Hooks of the network and of
// the parties fill it; the driver reads it when nothing moves.
type wireLog struct {
	w       *world
	tracker *wirefields.Tracker

	mu    sync.Mutex
	fresh []octets
	count int

	// The rest belongs to the driver.
	wanted   bool     // some step judges the wire: messages are read as they come
	unread   []octets // not read, because nobody asked
	latest   time.Duration
	messages []*Message
	flying   []*Message // not arrived yet
	sip      wireLogs
	others   map[simnet.Protocol]*otherLog // see protocols.go
	seen     map[string]bool               // messages that have been sent once
	flows    map[[2]string]*msrpFlow       // by source and destination
}

func newWireLog(w *world) *wireLog {
	types := map[string]string{}
	for name, def := range w.c.Streams {
		types[name] = def.Type
	}
	return &wireLog{w: w, tracker: wirefields.NewTracker(types), seen: map[string]bool{}, wanted: judgesWire(w.c),
		others: otherLogs(w.c)}
}

// packet takes the SIP messages out of the network's tap: UDP is seen there,
// with what happened to it on the way.
func (l *wireLog) packet(p simnet.Packet) {
	if p.Proto == simnet.TCP {
		if !p.Copy && p.Control == "" {
			l.add(octets{sent: p.Sent, arrives: p.Arrives, from: p.From, to: p.To, transport: "tcp", protocol: simnet.MSRP,
				data: p.Data, src: p.Src.String(), dst: p.Dst.String()})
		}
		return
	}
	if p.Proto != simnet.UDP || p.Copy {
		return
	}
	protocol := p.Kind().Protocol
	if l.others[protocol] == nil {
		if protocol != simnet.SIP {
			return
		}
		protocol = ""
	}
	l.add(octets{sent: p.Sent, arrives: p.Arrives, from: p.From, to: p.To, transport: "udp", protocol: protocol, data: p.Data, lost: p.Lost})
}

// trace takes the messages that a host sends over TCP and TLS, and over UDP
// where no tap of a simulated network shows them.
func (l *wireLog) trace(host string) func(wire.TraceEntry) {
	return func(e wire.TraceEntry) {
		if e.Transport == "udp" && l.w.net != nil || len(bytes.TrimSpace(e.Data)) == 0 {
			return
		}
		if !e.Sent {
			l.fromOutside(host, e)
			return
		}
		if e.Transport == "udp" && simnet.Classify(e.Data).Protocol != simnet.SIP {
			return
		}
		l.add(octets{sent: e.At, arrives: e.At, from: host, to: l.w.hostOf(e.Remote.Addr()), transport: e.Transport, data: e.Data,
			src: e.Local.String(), dst: e.Remote.String()})
	}
}

// fromOutside takes what a program of others has sent, when it arrives.
func (l *wireLog) fromOutside(host string, e wire.TraceEntry) {
	p := l.w.party(l.w.hostOf(e.Remote.Addr()))
	if p == nil || p.phone == nil && !p.isDaemon() || e.Transport == "udp" && simnet.Classify(e.Data).Protocol != simnet.SIP {
		return
	}
	l.add(octets{sent: e.At, arrives: e.At, from: p.def.Name, to: host, transport: e.Transport, data: e.Data,
		src: e.Remote.String(), dst: e.Local.String()})
}

// mostOfALine is how much is shown of the first line of what is no SIP message.
const mostOfALine = 60

func (l *wireLog) add(o octets) {
	l.mu.Lock()
	l.count++
	o.serial = l.count
	l.fresh = append(l.fresh, o)
	l.mu.Unlock()
	l.w.touch()
}

// collect reads what has been sent since the last time, in the order of time,
// of parties and of each party's own doing. Connections are written to by
// goroutines of their own, so that order exists within each of them only:
// between those of a party it is that of who is at the other end.
func (l *wireLog) collect() {
	l.mu.Lock()
	fresh := l.fresh
	l.fresh = nil
	l.mu.Unlock()
	slices.SortStableFunc(fresh, func(a, b octets) int {
		return cmp.Or(a.sent.Compare(b.sent), l.w.rank(a.from)-l.w.rank(b.from), l.connection(a, b), a.serial-b.serial)
	})
	if len(fresh) > 0 {
		l.latest = max(l.latest, l.w.at(fresh[len(fresh)-1].sent))
		l.unread = append(l.unread, fresh...)
	}
	if l.wanted {
		l.readAll()
		l.land()
	}
}

// connection orders the connections of a party, datagrams first.
func (l *wireLog) connection(a, b octets) int {
	if a.src == "" || b.src == "" {
		return cmp.Compare(a.src, b.src)
	}
	return cmp.Or(l.w.rank(a.to)-l.w.rank(b.to), cmp.Compare(a.src, b.src), cmp.Compare(a.dst, b.dst))
}

// readAll reads the messages that have come. Without a step that judges the
// wire that is left until somebody asks: it costs more than the call itself.
func (l *wireLog) readAll() {
	for _, o := range l.unread {
		if o.protocol != "" {
			l.readOther(o)
			continue
		}
		m := l.read(o)
		l.messages = append(l.messages, m)
		m.Event.Extra = l.ownDoing(m)
		l.flying = append(l.flying, m)
		l.sip.sent.Add(m.Event)
	}
	l.unread = nil
}

// ownDoing tells the 100 and the 180 of a phone, which sends them when it likes
// (RFC 3261 sections 17.2.1 and 13.3.1.1).
func (l *wireLog) ownDoing(m *Message) bool {
	from, code := l.w.party(m.From), m.Event.Fields["code"]
	return from != nil && from.phone != nil && (code == 100 || code == ringing)
}

// judgesWire tells whether a step of the case looks at the wire.
func judgesWire(c *scenario.Case) bool {
	found := false
	eachStep(c.Steps, func(s *scenario.Step) {
		if v, ok := s.Verb.(*scenario.Expect); ok && v.Wire != nil {
			found = true
		}
	})
	return found
}

// land moves the messages that have arrived by now to the receivers' log.
func (l *wireLog) land() {
	slices.SortStableFunc(l.flying, func(a, b *Message) int { return cmp.Compare(a.arrives, b.arrives) })
	now := l.w.now()
	for len(l.flying) > 0 && (l.flying[0].Event.Lost || l.flying[0].arrives <= now) {
		if m := l.flying[0]; !m.Event.Lost {
			ev := m.Event
			ev.At = m.arrives
			l.sip.received.Add(ev)
		}
		l.flying = l.flying[1:]
	}
	for _, other := range l.others {
		other.land(now)
	}
}

func (l *wireLog) read(o octets) *Message {
	m := &Message{From: o.from, To: o.to, Transport: o.transport, Data: o.data, arrives: l.w.at(o.arrives)}
	if o.lost {
		m.arrives = 0
	}
	m.Event = match.Event{At: l.w.at(o.sent), Name: o.from + " > " + o.to, Lost: o.lost, Is: func(string) bool { return false }}
	msg, err := sip.NewParser().ParseSIP(o.data)
	if err != nil {
		line, _, _ := bytes.Cut(o.data, []byte("\r\n"))
		m.Event.Text = fmt.Sprintf("%q (%v)", line[:min(len(line), mostOfALine)], err)
		m.Event.Fields = map[string]any{"transport": o.transport}
		return m
	}
	m.msg = msg
	l.name(msg)
	m.Event.Fields = l.tracker.Fields(msg, o.transport)
	m.Event.ID = m.identity()
	m.Event.Copy = l.seen[m.Event.ID]
	l.seen[m.Event.ID] = true
	m.Event.Text = m.text()
	return m
}

// name tells the tracker what the m-lines of the call are called.
func (l *wireLog) name(msg sip.Message) {
	if len(msg.Body()) == 0 || msg.CallID() == nil || msg.From() == nil {
		return
	}
	tag, _ := msg.From().Params.Get("tag")
	if to, ok := msg.To().Params.Get("tag"); ok && !l.w.isCaller(tag) {
		tag = to
	}
	if names := l.w.lineNames(tag); len(names) > 0 {
		l.tracker.Name(string(*msg.CallID()), names...)
	}
}

// isCaller tells whether a session of ours was called by the holder of the tag.
func (w *world) isCaller(tag string) bool {
	for _, p := range w.parties {
		for _, s := range p.allSessions() {
			if s.callerTag() == tag {
				return true
			}
		}
	}
	return false
}

// lineNames lists the names of the m-lines of a call by index.
func (w *world) lineNames(tag string) []string {
	var names []string
	for _, p := range w.parties {
		for _, s := range p.allSessions() {
			s.refresh()
		}
		for _, s := range p.allStreams() {
			i := s.stream.Index()
			if s.name == "" || i < 0 || s.session == nil || s.session.callerTag() != tag {
				continue
			}
			for len(names) <= i {
				names = append(names, "")
			}
			names[i] = s.name
		}
	}
	return names
}

// identity is the same for all copies of a message: the octets, and for the ACK
// of a 2xx, which is made anew each time, what it acknowledges.
func (m *Message) identity() string {
	f := m.Event.Fields
	if f["method"] == "ACK" && f["code"] == nil {
		return fmt.Sprint(m.Event.Name, " ACK ", f["call_id"], f["from_tag"], f["to_tag"], f["cseq"])
	}
	return m.Event.Name + "\n" + string(m.Data)
}

// text is the message as a ladder shows it: "INVITE cseq 2   audio sendonly".
func (m *Message) text() string {
	f := m.Event.Fields
	var b strings.Builder
	if code, ok := f["code"]; ok {
		fmt.Fprintf(&b, "%v %v", code, f["method"])
	} else {
		fmt.Fprintf(&b, "%v cseq %v", f["method"], f["cseq"])
	}
	if sdp, ok := f["sdp"]; ok {
		fmt.Fprintf(&b, "   %s", sdp)
	}
	return b.String()
}

// dialog is the dialog of the call that the holder of a tag began.
func (l *wireLog) dialog(tag string) (any, error) {
	l.readAll()
	for _, m := range slices.Backward(l.messages) {
		f := m.Event.Fields
		if f["from_tag"] == tag && f["to_tag"] != nil && tag != "" {
			return f["dialog"], nil
		}
	}
	return nil, fmt.Errorf("no dialog has been made yet")
}
