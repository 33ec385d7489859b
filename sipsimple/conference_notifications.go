package sipsimple

import (
	"github.com/go-sipsimple/callflow/sipsimple/conferenceinfo"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Notifications of a conference (session.md 6.2 and 7.16); the sender is the
// [Session] whose peer is the focus.
type (
	// SIPSessionGotConferenceInfo: the focus told how the conference stands.
	SIPSessionGotConferenceInfo struct {
		ConferenceInfo *conferenceinfo.Document `field:"conference_info"` // the whole picture; not to be changed
	}
	// SIPConferenceDidAddParticipant: the participant has joined.
	SIPConferenceDidAddParticipant struct {
		Participant string `field:"participant"`
	}
	// SIPConferenceDidNotAddParticipant: the participant has not joined. Code 0
	// means that no SIP code explains it.
	SIPConferenceDidNotAddParticipant struct {
		Participant string `field:"participant"`
		Code        int    `field:"code"`
		Reason      string `field:"reason"`
	}
	// SIPConferenceGotAddParticipantProgress: how the invitation gets on.
	SIPConferenceGotAddParticipantProgress struct {
		Participant string `field:"participant"`
		Code        int    `field:"code"`
		Reason      string `field:"reason"`
	}
	// SIPConferenceDidRemoveParticipant: the participant has been sent away.
	SIPConferenceDidRemoveParticipant struct {
		Participant string `field:"participant"`
	}
	// SIPConferenceDidNotRemoveParticipant: the participant has not been sent away.
	SIPConferenceDidNotRemoveParticipant struct {
		Participant string `field:"participant"`
		Code        int    `field:"code"`
		Reason      string `field:"reason"`
	}
	// SIPConferenceGotRemoveParticipantProgress: how sending away gets on.
	SIPConferenceGotRemoveParticipantProgress struct {
		Participant string `field:"participant"`
		Code        int    `field:"code"`
		Reason      string `field:"reason"`
	}
)

// NotificationName implements [notification.Data].
func (SIPSessionGotConferenceInfo) NotificationName() string { return "SIPSessionGotConferenceInfo" }
func (SIPConferenceDidAddParticipant) NotificationName() string {
	return "SIPConferenceDidAddParticipant"
}
func (SIPConferenceDidNotAddParticipant) NotificationName() string {
	return "SIPConferenceDidNotAddParticipant"
}
func (SIPConferenceGotAddParticipantProgress) NotificationName() string {
	return "SIPConferenceGotAddParticipantProgress"
}
func (SIPConferenceDidRemoveParticipant) NotificationName() string {
	return "SIPConferenceDidRemoveParticipant"
}
func (SIPConferenceDidNotRemoveParticipant) NotificationName() string {
	return "SIPConferenceDidNotRemoveParticipant"
}
func (SIPConferenceGotRemoveParticipantProgress) NotificationName() string {
	return "SIPConferenceGotRemoveParticipantProgress"
}

// conferenceNotifications are zero values of all of them.
func conferenceNotifications() []notification.Data {
	return []notification.Data{
		SIPSessionGotConferenceInfo{}, SIPConferenceDidAddParticipant{}, SIPConferenceDidNotAddParticipant{},
		SIPConferenceGotAddParticipantProgress{}, SIPConferenceDidRemoveParticipant{}, SIPConferenceDidNotRemoveParticipant{},
		SIPConferenceGotRemoveParticipantProgress{},
	}
}
