package transaction

import "time"

// nonInviteClient is the client transaction of all other methods: RFC 3261
// section 17.1.2 and figure 6.
type nonInviteClient struct {
	state    state
	reliable bool
	interval time.Duration // of timer E
}

func (m *nonInviteClient) current() state { return m.state }

func (m *nonInviteClient) step(in input, out []output) []output {
	switch in.kind {
	case inStart:
		m.state, m.interval = trying, T1
		if !m.reliable {
			out = append(out, start(timerE, m.interval))
		}
		return append(out, start(timerF, Lifetime), do(outSend))
	case inMessage:
		return m.response(in.code, out)
	case inTimer:
		return m.fired(in.timer, out)
	case inTransportError:
		if m.state == trying || m.state == proceeding {
			m.state = terminated
			out = append(out, do(outTerminate), do(outTransportError))
		}
	}
	return out
}

func (m *nonInviteClient) response(code int, out []output) []output {
	if m.state != trying && m.state != proceeding {
		return out // a repetition, absorbed by timer K
	}
	if code < 200 {
		m.state = proceeding
		return append(out, do(outDeliver))
	}
	m.state = completed
	if m.reliable {
		m.state = terminated
	}
	out = append(out, stop(timerE), stop(timerF))
	return append(linger(out, timerK, T4, m.reliable), do(outDeliver))
}

func (m *nonInviteClient) fired(t timer, out []output) []output {
	waiting := m.state == trying || m.state == proceeding
	switch {
	case t == timerE && waiting:
		m.interval = min(2*m.interval, T2)
		if m.state == proceeding {
			m.interval = T2
		}
		return append(out, start(timerE, m.interval), do(outSend))
	case t == timerF && waiting:
		m.state = terminated
		return append(out, do(outTerminate), do(outTimeout))
	case t == timerK && m.state == completed:
		m.state = terminated
		return append(out, do(outTerminate))
	}
	return out
}
