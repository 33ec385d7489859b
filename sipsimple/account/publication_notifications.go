package account

import (
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Notifications of the presence of an account; the sender is the *[Account]
// (application.md 8.2).
type (
	// PresencePublicationWillPublish: a document is about to be published, for the
	// first time or in place of another one.
	PresencePublicationWillPublish struct{}
	// PresencePublicationWillRefresh: the publication is about to be renewed.
	PresencePublicationWillRefresh struct{}
	// PresencePublicationDidSucceed: the server has the document.
	PresencePublicationDidSucceed struct {
		Expires int        `field:"expires"` // seconds granted
		Server  core.Route `field:"server"`
	}
	// PresencePublicationDidFail: the document could not be published or renewed;
	// another try follows.
	PresencePublicationDidFail struct {
		Error   string  `field:"error"`
		Timeout float64 `field:"timeout"` // seconds until the next try
	}
	// PresencePublicationDidEnd: the server does not have the document any more.
	PresencePublicationDidEnd struct{}
	// PresencePublicationDidNotEnd: the document could not be removed.
	PresencePublicationDidNotEnd struct {
		Code   int    `field:"code"`
		Reason string `field:"reason"`
	}
)

// Notifications of one publication; the sender is the *[Publication].
type (
	// SIPPublicationDidSucceed: a PUBLISH was accepted.
	SIPPublicationDidSucceed struct {
		Code        int        `field:"code"`
		Reason      string     `field:"reason"`
		ExpiresIn   int        `field:"expires_in"` // seconds
		RouteHeader core.Route `field:"route_header"`
	}
	// SIPPublicationDidFail: a PUBLISH was refused or not answered.
	SIPPublicationDidFail struct {
		Code        int        `field:"code"`
		Reason      string     `field:"reason"`
		RouteHeader core.Route `field:"route_header"`
	}
	// SIPPublicationWillExpire: it is time to renew the publication.
	SIPPublicationWillExpire struct {
		Expires int `field:"expires"` // seconds left
	}
	// SIPPublicationWillEnd: the publication is about to be removed.
	SIPPublicationWillEnd struct{}
	// SIPPublicationDidEnd: the publication is over.
	SIPPublicationDidEnd struct {
		Expired bool `field:"expired"` // nobody renewed it in time
	}
	// SIPPublicationDidNotEnd: the publication could not be removed.
	SIPPublicationDidNotEnd struct {
		Code   int    `field:"code"`
		Reason string `field:"reason"`
	}
)

// NotificationName implements [notification.Data].
func (PresencePublicationWillPublish) NotificationName() string {
	return "PresencePublicationWillPublish"
}
func (PresencePublicationWillRefresh) NotificationName() string {
	return "PresencePublicationWillRefresh"
}
func (PresencePublicationDidSucceed) NotificationName() string {
	return "PresencePublicationDidSucceed"
}
func (PresencePublicationDidFail) NotificationName() string   { return "PresencePublicationDidFail" }
func (PresencePublicationDidEnd) NotificationName() string    { return "PresencePublicationDidEnd" }
func (PresencePublicationDidNotEnd) NotificationName() string { return "PresencePublicationDidNotEnd" }
func (SIPPublicationDidSucceed) NotificationName() string     { return "SIPPublicationDidSucceed" }
func (SIPPublicationDidFail) NotificationName() string        { return "SIPPublicationDidFail" }
func (SIPPublicationWillExpire) NotificationName() string     { return "SIPPublicationWillExpire" }
func (SIPPublicationWillEnd) NotificationName() string        { return "SIPPublicationWillEnd" }
func (SIPPublicationDidEnd) NotificationName() string         { return "SIPPublicationDidEnd" }
func (SIPPublicationDidNotEnd) NotificationName() string      { return "SIPPublicationDidNotEnd" }

func publicationNotifications() []notification.Data {
	return []notification.Data{
		PresencePublicationWillPublish{}, PresencePublicationWillRefresh{}, PresencePublicationDidSucceed{},
		PresencePublicationDidFail{}, PresencePublicationDidEnd{}, PresencePublicationDidNotEnd{},
		SIPPublicationDidSucceed{}, SIPPublicationDidFail{}, SIPPublicationWillExpire{}, SIPPublicationWillEnd{},
		SIPPublicationDidEnd{}, SIPPublicationDidNotEnd{},
	}
}
