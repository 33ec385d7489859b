package wire

import (
	"net"
	"time"
)

// read cuts the stream into messages until it ends or cannot be cut any more.
func (f *Flow) read(conn net.Conn) {
	var cut framer
	proven := !f.inbound // has brought a valid message
	began := time.Now()  // of the connection, or of the message that is arriving
	for {
		deadline := began.Add(stallTimeout)
		if proven && !cut.partial() {
			deadline = time.Now().Add(idleTimeout)
		}
		_ = conn.SetReadDeadline(deadline)
		n, err := conn.Read(cut.space())
		if err != nil {
			f.fail(err)
			return
		}
		fresh := !cut.partial()
		cut.filled(n)
		valid, ok := f.deliver(&cut)
		if !ok {
			f.drain(time.Second)
			return
		}
		proven = proven || valid > 0
		if fresh || valid > 0 {
			began = f.stallStart(began, proven)
		}
	}
}

// stallStart is the time from which the next deadline counts: a connection that
// has not brought anything valid gets no more time by sending something.
func (f *Flow) stallStart(began time.Time, proven bool) time.Time {
	if proven {
		return time.Now()
	}
	return began
}

// deliver hands on the complete messages. It is false when the rest of the
// stream cannot be read.
func (f *Flow) deliver(cut *framer) (valid int, ok bool) {
	for {
		data, event := cut.next()
		switch event {
		case frameNone:
			return valid, true
		case framePing:
			f.enqueue(queued{data: []byte("\r\n")})
			continue
		}
		now := time.Now()
		f.t.trace(false, f.transport, f.Local(), f.remote, data)
		r := f.t.judge(data, true, f.remote)
		switch r.Verdict {
		case Accept:
			valid++
			f.t.cfg.Handler(Message{
				Msg: r.Msg, Source: f.remote, Local: f.Local(), Transport: f.transport, Flow: f, Received: now,
			})
		case Refuse:
			f.t.log.Info("request refused", "transport", f.transport, "source", f.remote, "code", r.Code, "reason", r.Reason)
			f.enqueue(queued{data: r.Answer})
		case Drop:
			f.t.log.Info("message dropped", "transport", f.transport, "source", f.remote, "reason", r.Reason)
		case KeepAlive:
		}
		if r.Close || event == frameLost {
			return valid, false
		}
	}
}
