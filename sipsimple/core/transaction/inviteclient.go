package transaction

import "time"

// inviteClient is the INVITE client transaction: RFC 3261 section 17.1.1 and
// figure 5, with state Accepted and timer M of RFC 6026 section 8.4.
type inviteClient struct {
	state    state
	reliable bool
	interval time.Duration // of timer A
}

func (m *inviteClient) current() state { return m.state }

func (m *inviteClient) step(in input, out []output) []output {
	switch in.kind {
	case inStart:
		m.state, m.interval = calling, T1
		if !m.reliable {
			out = append(out, start(timerA, m.interval))
		}
		return append(out, start(timerB, Lifetime), do(outSend))
	case inMessage:
		return m.response(in.code, out)
	case inTimer:
		return m.fired(in.timer, out)
	case inTransportError:
		return m.transportError(out)
	}
	return out
}

func (m *inviteClient) response(code int, out []output) []output {
	switch m.state {
	case calling, proceeding:
		return m.progress(code, out)
	case accepted:
		if code >= 200 && code < 300 {
			out = append(out, do(outDeliver))
		}
	case completed:
		if code >= 300 { // our ACK was lost
			out = append(out, do(outAck))
		}
	}
	return out
}

// progress takes a response before the first final one.
func (m *inviteClient) progress(code int, out []output) []output {
	if m.state == calling {
		out = append(out, stop(timerA), stop(timerB))
	}
	switch {
	case code < 200:
		m.state = proceeding
	case code < 300:
		m.state = accepted
		out = append(out, start(timerM, Lifetime))
	default:
		out = append(out, do(outAck))
		m.state = completed
		if m.reliable {
			m.state = terminated
		}
		out = linger(out, timerD, Lifetime, m.reliable)
	}
	return append(out, do(outDeliver))
}

func (m *inviteClient) fired(t timer, out []output) []output {
	switch {
	case t == timerA && m.state == calling:
		m.interval *= 2
		return append(out, start(timerA, m.interval), do(outSend))
	case t == timerB && m.state == calling:
		m.state = terminated
		return append(out, do(outTerminate), do(outTimeout))
	case t == timerD && m.state == completed, t == timerM && m.state == accepted:
		m.state = terminated
		return append(out, do(outTerminate))
	}
	return out
}

// transportError: in Calling the request was not sent; in Completed it was an
// ACK, and the user has the final response already. Elsewhere nothing of the
// transaction is on its way.
func (m *inviteClient) transportError(out []output) []output {
	switch m.state {
	case calling:
		m.state = terminated
		return append(out, do(outTerminate), do(outTransportError))
	case completed:
		m.state = terminated
		return append(out, do(outTerminate))
	}
	return out
}
