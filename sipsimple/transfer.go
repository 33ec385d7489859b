package sipsimple

import (
	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TransferState is where a transfer stands.
type TransferState string

// The states of a transfer; the zero value means that there has been none.
const (
	TransferStarting TransferState = "starting" // asked for, not taken up yet
	TransferStarted  TransferState = "started"
	TransferEnded    TransferState = "ended"
	TransferFailed   TransferState = "failed"
)

// inProgress says whether another transfer has to wait.
func (s TransferState) inProgress() bool { return s == TransferStarting || s == TransferStarted }

// TransferHandler shows the transfer of a session, in either direction (seed:
// TransferHandler). Its methods may be called on nil.
type TransferHandler struct{ session *Session }

// Session is the session that the handler belongs to, nil of a nil handler.
func (h *TransferHandler) Session() *Session {
	if h == nil {
		return nil
	}
	return h.session
}

// Direction is "outgoing" if we have asked the peer to call somebody else,
// "incoming" if the peer has asked us, "" before any transfer.
func (h *TransferHandler) Direction() string {
	if h == nil {
		return ""
	}
	return string(h.session.attrs.get().transfer.direction)
}

// State is where the transfer stands.
func (h *TransferHandler) State() TransferState {
	if h == nil {
		return ""
	}
	return h.session.attrs.get().transfer.state
}

// NewSession is the call made on behalf of an incoming transfer, nil without
// one.
func (h *TransferHandler) NewSession() *Session {
	if h == nil {
		return nil
	}
	return h.session.attrs.get().transfer.newSession
}

// TransferInfo tells how a call came from a transfer (seed: TransferInfo). Its
// methods may be called on nil.
type TransferInfo struct {
	referredBy string
	replaced   core.DialogID // zero for none
}

// ReferredBy is the Referred-By header of the INVITE, "" without one.
func (i *TransferInfo) ReferredBy() string {
	if i == nil {
		return ""
	}
	return i.referredBy
}

// ReplacedDialogID is the dialog that the call replaces, as its owner sees it;
// ok is false if it replaces none.
func (i *TransferInfo) ReplacedDialogID() (id core.DialogID, ok bool) {
	if i == nil {
		return core.DialogID{}, false
	}
	return i.replaced, i.replaced != core.DialogID{}
}

// transferValues are the attributes of a transfer.
type transferValues struct {
	direction  streams.Direction
	state      TransferState
	newSession *Session
}

// Transfer asks the peer to call target (seed: transfer; 7.14). Only in state
// connected and while no other transfer is in progress. With replaced, an
// established session of ours with the target, the new call takes its place
// (attended transfer, 7.15); nil means a blind transfer.
//
// When the new call stands the session ends. SIPSessionTransferDidFail leaves it
// as it is.
func (s *Session) Transfer(target core.Address, replaced *Session) error {
	c := transferCommand{target: *cloneAddress(&target)}
	if replaced != nil {
		c.replaced = replaced.attrs.get().dialog
	}
	return s.command(c)
}

// AcceptTransfer places the call that the peer has asked for (seed:
// accept_transfer). Only after SIPSessionTransferNewIncoming.
func (s *Session) AcceptTransfer() error { return s.command(acceptTransferCommand{}) }

// RejectTransfer refuses it (seed: reject_transfer). Code 0 means 486; an empty
// reason means the standard phrase.
func (s *Session) RejectTransfer(code int, reason string) error {
	return s.command(rejectTransferCommand{code: code, reason: reason})
}

// transferCommand is [Session.Transfer].
type transferCommand struct {
	target   core.Address
	replaced *core.DialogID
}

func (c transferCommand) claim(m *machine) error {
	if err := m.requireState("Transfer", Connected); err != nil {
		return err
	}
	if c.target.URI.Host == "" {
		return &ArgumentError{Method: "Transfer", Argument: "target", Reason: "is no SIP URI"}
	}
	if t := m.attrs.get().transfer; t.state.inProgress() {
		return &IllegalDirectionError{Method: "Transfer", Direction: string(t.direction)}
	}
	m.setTransfer(streams.Outgoing, TransferStarting)
	return nil
}

// acceptTransferCommand is [Session.AcceptTransfer].
type acceptTransferCommand struct{}

func (acceptTransferCommand) claim(m *machine) error {
	if err := m.requireTransfer("AcceptTransfer"); err != nil {
		return err
	}
	m.setTransfer(streams.Incoming, TransferStarted)
	return nil
}

// rejectTransferCommand is [Session.RejectTransfer].
type rejectTransferCommand struct {
	code   int
	reason string
}

func (c rejectTransferCommand) claim(m *machine) error {
	if err := m.requireTransfer("RejectTransfer"); err != nil {
		return err
	}
	if err := checkCode("RejectTransfer", c.code); err != nil {
		return err
	}
	m.setTransfer(streams.Incoming, TransferFailed)
	return nil
}

// requireTransfer wants an incoming transfer that awaits a decision (2.3).
func (m *machine) requireTransfer(method string) error {
	if err := m.requireState(method, startedStates...); err != nil {
		return err
	}
	switch t := m.attrs.get().transfer; {
	case t.direction != streams.Incoming:
		return &IllegalDirectionError{Method: method, Direction: string(t.direction)}
	case t.state != TransferStarting:
		return &IllegalStateError{Method: method, State: State(t.state)}
	}
	return nil
}

func (m *machine) setTransfer(direction streams.Direction, state TransferState) {
	m.attrs.set(func(v *attributeValues) { v.transfer.direction, v.transfer.state = direction, state })
}

// transferHeaders are those of a call made for a transfer.
func transferHeaders(referredBy, replaces string) []sip.Header {
	var headers []sip.Header
	if referredBy != "" {
		headers = append(headers, sip.NewHeader("Referred-By", referredBy))
	}
	if replaces != "" {
		headers = append(headers, sip.NewHeader("Replaces", replaces))
	}
	return headers
}

// transferInfo is what a call's headers say, nil if they say nothing.
func transferInfo(referredBy, replaces string) *TransferInfo {
	if referredBy == "" && replaces == "" {
		return nil
	}
	info := &TransferInfo{referredBy: referredBy}
	if r, ok := core.ParseReplaces(replaces); ok {
		info.replaced = r.Dialog
	}
	if *info == (TransferInfo{}) {
		return nil
	}
	return info
}
