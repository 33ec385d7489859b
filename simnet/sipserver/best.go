package sipserver

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// settle sends the best response when all branches have ended (RFC 3261 section 16.7, steps 6 to 8).
func (f *fork) settle() {
	if f.answered {
		return
	}
	codes := make([]int, len(f.branches))
	for i, b := range f.branches {
		if b.final == nil {
			return
		}
		codes[i] = b.final.StatusCode
	}
	chosen := f.branches[best(codes)]
	if chosen.own && chosen.final.StatusCode == sip.StatusRequestTimeout && f.req.Method != sip.INVITE {
		// The caller gives up at the same time; a 408 would come too late (RFC 4320 section 4.1).
		f.answered = true
		f.s.watched.finish(f.rec, sip.StatusRequestTimeout)
		f.tx.Terminate()
		return
	}
	f.send(chosen)
}

// send sends the final response of a branch. A 503 would say that we can serve nobody, so it becomes a 500; a challenge
// carries those of the other branches too.
func (f *fork) send(chosen *branch) {
	res := chosen.final
	switch {
	case res.StatusCode == sip.StatusServiceUnavailable:
		f.answered = true
		delete(f.s.forks, f.tx)
		f.respond(wire.NewResponse(f.req, 500, core.Phrase(500), f.s.token(8)))
		return
	case chosen.own:
		f.answered = true
		delete(f.s.forks, f.tx)
		f.respond(res)
		return
	case res.StatusCode == sip.StatusUnauthorized || res.StatusCode == sip.StatusProxyAuthRequired:
		res = res.Clone()
		for _, b := range f.branches {
			if b == chosen || b.own {
				continue
			}
			sip.CopyHeaders("WWW-Authenticate", b.final, res)
			sip.CopyHeaders("Proxy-Authenticate", b.final, res)
		}
	}
	f.pass(res)
}

// best is the index of the response to forward: a 6xx if there is one, else one of the lowest class; of 4xx rather one
// that tells how to do better (RFC 3261 section 16.7, step 6).
func best(codes []int) int {
	chosen := 0
	for i, code := range codes {
		if rank(code) < rank(codes[chosen]) {
			chosen = i
		}
	}
	return chosen
}

func rank(code int) int {
	switch class := code / 100; class {
	case 6:
		return 0
	case 4:
		switch code {
		case 401, 407, 415, 420, 484:
			return 40
		case 408: // says least
			return 42
		}
		return 41
	case 5:
		if code == 503 {
			return 51
		}
		return 50
	default:
		return 10 * class
	}
}
