package sipsimple

import "github.com/go-sipsimple/callflow/sipsimple/streams"

// acceptProposalCommand is [Session.AcceptProposal].
type acceptProposalCommand struct{ streams []streams.MediaStream }

func (c acceptProposalCommand) claim(m *machine) error {
	return m.claimState("AcceptProposal", AcceptingProposal, ReceivedProposal)
}

// rejectProposalCommand is [Session.RejectProposal].
type rejectProposalCommand struct {
	code   int
	reason string
}

func (c rejectProposalCommand) claim(m *machine) error {
	if err := m.requireState("RejectProposal", ReceivedProposal); err != nil {
		return err
	}
	if err := checkCode("RejectProposal", c.code); err != nil {
		return err
	}
	m.setState(RejectingProposal)
	return nil
}

// addStreamCommand is [Session.AddStream].
type addStreamCommand struct{ stream streams.MediaStream }

func (c addStreamCommand) claim(m *machine) error {
	if err := m.requireState("AddStream", Connected); err != nil {
		return err
	}
	if c.stream == nil || indexOf(m.members, c.stream) >= 0 {
		return &ArgumentError{Method: "AddStream", Argument: "stream", Reason: "is nil or already in the session"}
	}
	m.setState(SendingProposal)
	return nil
}

// removeStreamCommand is [Session.RemoveStream].
type removeStreamCommand struct{ stream streams.MediaStream }

func (c removeStreamCommand) claim(m *machine) error {
	if err := m.requireState("RemoveStream", Connected); err != nil {
		return err
	}
	if c.stream == nil {
		return &ArgumentError{Method: "RemoveStream", Argument: "stream", Reason: "is nil"}
	}
	m.setState(SendingProposal)
	return nil
}

// cancelProposalCommand is [Session.CancelProposal].
type cancelProposalCommand struct{}

func (cancelProposalCommand) claim(m *machine) error {
	return m.claimState("CancelProposal", CancellingProposal, SendingProposal)
}
