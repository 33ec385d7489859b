package transaction

// nonInviteServer is the server transaction of all other methods: RFC 3261
// section 17.2.2 and figure 8.
type nonInviteServer struct {
	state    state
	reliable bool
}

func (m *nonInviteServer) current() state { return m.state }

func (m *nonInviteServer) step(in input, out []output) []output {
	switch in.kind {
	case inStart:
		m.state = trying
		return append(out, do(outDeliver))
	case inMessage: // again; in Trying there is nothing to repeat
		if m.state == proceeding || m.state == completed {
			out = append(out, do(outSend))
		}
	case inRespond:
		return m.respond(in.code, out)
	case inTimer:
		if in.timer == timerJ && m.state == completed {
			m.state = terminated
			out = append(out, do(outTerminate))
		}
	}
	return out
}

func (m *nonInviteServer) respond(code int, out []output) []output {
	if m.state != trying && m.state != proceeding {
		return out
	}
	out = append(out, do(outSend))
	if code < 200 {
		m.state = proceeding
		return out
	}
	m.state = completed
	if m.reliable {
		m.state = terminated
	}
	return linger(out, timerJ, Lifetime, m.reliable)
}
