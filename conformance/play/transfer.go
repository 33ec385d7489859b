package play

import (
	"fmt"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// transfer makes the calls of a transfer. label names the call that accepting
// it places.
func (p *party) transfer(s *session, v *scenario.Call, label string) error {
	switch v.Name {
	case "accept_transfer":
		p.mu.Lock()
		p.awaited = append(p.awaited, awaited{by: s, label: label})
		p.mu.Unlock()
		return s.session.AcceptTransfer()
	case "reject_transfer":
		code, err := number(v.Arg)
		if err != nil {
			return err
		}
		reason, _ := v.Params["reason"].(string)
		return s.session.RejectTransfer(code, reason)
	}
	to, callee, err := p.whom(fmt.Sprint(v.Arg))
	if err != nil {
		return err
	}
	name, ok := v.Params["replacing"].(string)
	if !ok {
		return s.session.Transfer(to, nil)
	}
	replaced, err := p.session(name)
	if err != nil && callee != nil { // the name of a part's call is that of either end
		replaced, err = p.session(callee.def.Name)
	}
	if err != nil {
		return err
	}
	return s.session.Transfer(to, replaced.session)
}

// awaited is a call that an accepted transfer will place.
type awaited struct {
	by    *session
	label string
}

// claim gives a new session the label of the transfer that it was made for.
func (p *party) claim(added *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, a := range p.awaited {
		if a.by.session.TransferHandler().NewSession() == added.session {
			added.label(a.label)
			p.awaited = append(p.awaited[:i:i], p.awaited[i+1:]...)
			return
		}
	}
}

// transferPending tells whether the peer has asked for a transfer that is not
// decided.
func (s *session) transferPending() bool {
	h := s.session.TransferHandler()
	return h.Direction() == string(streams.Incoming) && h.State() == sipsimple.TransferStarting
}

// dialogValue is a dialog identifier as a value: it goes by the two Replaces
// values that mean it.
type dialogValue core.DialogID

// Names implements [match.Named].
func (d dialogValue) Names() []string {
	return []string{
		d.CallID + ";to-tag=" + d.LocalTag + ";from-tag=" + d.RemoteTag,
		d.CallID + ";to-tag=" + d.RemoteTag + ";from-tag=" + d.LocalTag,
	}
}

func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// transferInfo is how a call came from a transfer, as a value.
func transferInfo(info *sipsimple.TransferInfo) any {
	if info == nil {
		return nil
	}
	value := map[string]any{"referred_by": textOrNull(info.ReferredBy()), "replaced_dialog_id": nil}
	if id, ok := info.ReplacedDialogID(); ok {
		value["replaced_dialog_id"] = dialogValue(id)
	}
	return value
}
