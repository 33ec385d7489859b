package transaction

import "time"

// inviteServer is the INVITE server transaction: RFC 3261 section 17.2.1 and
// figure 7, with state Accepted and timer L of RFC 6026 section 8.7.
type inviteServer struct {
	state    state
	reliable bool
	answered bool          // a response has been sent, so it can be repeated
	interval time.Duration // of timer G
}

func (m *inviteServer) current() state { return m.state }

func (m *inviteServer) step(in input, out []output) []output {
	switch in.kind {
	case inStart:
		m.state = proceeding
		return append(out, start(timerTrying, TryingDelay), do(outDeliver))
	case inMessage:
		return m.repeated(out)
	case inRespond:
		return m.respond(in.code, out)
	case inAck:
		return m.ack(out)
	case inTimer:
		return m.fired(in.timer, out)
	}
	// A response that could not be sent changes nothing (RFC 6026 section 7.1):
	// the INVITE comes again, or timer H or L ends the transaction.
	return out
}

// repeated takes the INVITE once more. In Accepted it is absorbed: the 2xx is
// repeated by the user.
func (m *inviteServer) repeated(out []output) []output {
	switch {
	case m.state == proceeding && !m.answered:
		m.answered = true
		return append(out, stop(timerTrying), do(outSendTrying))
	case m.state == proceeding, m.state == completed:
		return append(out, do(outSend))
	}
	return out
}

func (m *inviteServer) respond(code int, out []output) []output {
	switch {
	case m.state == accepted && code >= 200 && code < 300:
		return append(out, do(outSend)) // repeated by the user until the ACK
	case m.state != proceeding:
		return out
	}
	if !m.answered {
		m.answered = true
		out = append(out, stop(timerTrying))
	}
	switch {
	case code < 200:
	case code < 300:
		m.state = accepted
		out = append(out, start(timerL, Lifetime))
	default:
		m.state, m.interval = completed, T1
		if !m.reliable {
			out = append(out, start(timerG, m.interval))
		}
		out = append(out, start(timerH, Lifetime))
	}
	return append(out, do(outSend))
}

// ack takes an ACK that matched. In Accepted it belongs to the user.
func (m *inviteServer) ack(out []output) []output {
	switch m.state {
	case accepted:
		return append(out, do(outDeliver))
	case completed:
		m.state = confirmed
		if m.reliable {
			m.state = terminated
		}
		out = append(out, stop(timerG), stop(timerH))
		return append(linger(out, timerI, T4, m.reliable), do(outDeliver))
	}
	return out
}

func (m *inviteServer) fired(t timer, out []output) []output {
	switch {
	case t == timerTrying && m.state == proceeding && !m.answered:
		m.answered = true
		return append(out, do(outSendTrying))
	case t == timerG && m.state == completed:
		m.interval = min(2*m.interval, T2)
		return append(out, start(timerG, m.interval), do(outSend))
	case t == timerH && m.state == completed:
		m.state = terminated
		return append(out, do(outTerminate), do(outAckTimeout))
	case t == timerI && m.state == confirmed, t == timerL && m.state == accepted:
		m.state = terminated
		return append(out, do(outTerminate))
	}
	return out
}
