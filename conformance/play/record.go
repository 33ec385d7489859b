package play

import (
	"fmt"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// record is one notification of a party as it was delivered.
type record struct {
	when    time.Time
	event   match.Event
	session *session // nil: of none
	stream  *stream
	data    notification.Data
	watched bool
	active  []streams.MediaStream // of the session, when it started or changed
}

// HandleNotification implements [notification.Observer]: the party's own
// observer, which logs everything and makes the calls of `when`.
func (p *party) HandleNotification(n notification.Notification) {
	r := p.read(n)
	p.mu.Lock()
	p.fresh = append(p.fresh, r)
	p.mu.Unlock()
	p.fire(r)
	p.world.touch()
}

func (p *party) read(n notification.Notification) *record {
	r := &record{when: n.Timestamp, data: n.Data, watched: p.watches(n.Name)}
	switch sender := n.Sender.(type) {
	case *sipsimple.Session:
		r.session = p.sessionOf(sender)
		r.session.refresh()
	case streams.MediaStream:
		r.stream = p.streamOf(sender, "", nil)
		r.session = r.stream.session
	case streams.DesktopSharingHandler:
		if r.stream = p.streamOfHandler(sender); r.stream != nil {
			r.session = r.stream.session
		}
	}
	if r.stream != nil {
		r.stream.noteGot(n.Data)
	}
	switch n.Data.(type) {
	case sipsimple.SIPSessionDidStart, sipsimple.SIPSessionDidRenegotiateStreams:
		r.active = r.session.session.Streams()
	}
	fields := notification.DataFields(n.Data)
	for name, v := range fields {
		fields[name] = p.value(v, r.session)
	}
	p.readSound(r, fields)
	fields["timestamp"] = p.value(n.Timestamp, nil)
	r.event = match.Event{
		At: p.world.at(n.Timestamp), Name: n.Name, Fields: fields, Order: fieldOrder(n.Data),
		Is: r.is, Has: p.snapshot(r),
	}
	return r
}

func fieldOrder(data notification.Data) []string {
	var order []string
	for _, f := range notification.FieldsOf(data) {
		order = append(order, f.Name)
	}
	return order
}

// is tells whether a name means the session or, after a slash, the stream.
func (r *record) is(name string) bool {
	if len(name) > 0 && name[0] == '/' {
		return r.stream != nil && contains(r.stream.Names(), name[1:])
	}
	return r.session != nil && r.session.is(name)
}

// snapshot keeps the attributes that the file asks for with `has`, as they are
// at this moment: those of the session, and of a stream those it has beside.
func (p *party) snapshot(r *record) func(path string) (any, error) {
	type reading struct {
		value any
		err   error
	}
	values := map[string]reading{}
	for _, path := range p.world.looksAt {
		v, err := p.attributeAt(r, path)
		values[path] = reading{v, err}
	}
	return func(path string) (any, error) {
		if v, ok := values[path]; ok {
			return v.value, v.err
		}
		return nil, fmt.Errorf("%s was not looked at when this was posted", path)
	}
}

func (p *party) attributeAt(r *record, path string) (any, error) {
	if v, err := p.attribute(r.session, nil, path); err == nil {
		return v, nil
	}
	return p.attribute(r.session, r.stream, path)
}

// watches tells whether a notification is judged. It is asked for every one,
// so it remembers.
func (p *party) watches(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	watched, known := p.watched[name]
	if !known {
		patterns := p.def.Watch
		if patterns == nil {
			patterns = p.world.c.Watch
		}
		watched = scenario.Watched(patterns, name)
		p.watched[name] = watched
	}
	return watched
}

// collect hands over what has been recorded since the last time.
func (p *party) collect() []*record {
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh := p.fresh
	p.fresh = nil
	return fresh
}

func contains(list []string, text string) bool {
	for _, have := range list {
		if have == text {
			return true
		}
	}
	return false
}
