package streams

import "github.com/go-sipsimple/callflow/sipsimple/notification"

// Notifications common to all streams; the sender is the stream.
type (
	// MediaStreamDidInitialize: local resources are there, LocalMedia works.
	MediaStreamDidInitialize struct{}
	// MediaStreamDidStart: media can flow.
	MediaStreamDidStart struct{}
	// MediaStreamDidFail: initialisation, start or the running stream failed.
	MediaStreamDidFail struct {
		Reason  string `field:"reason"`
		Context string `field:"context,omit"` // of MSRP streams: "initialize", "sdp_negotiation", "start", "reading", …
		Failure error  `field:"failure,omit"` // of MSRP streams: what went wrong, nil if that is all in the reason
	}
	// MediaStreamWillEnd opens an effective End.
	MediaStreamWillEnd struct{}
	// MediaStreamDidEnd closes it: the resources are released.
	MediaStreamDidEnd struct{}
)

func (MediaStreamDidInitialize) NotificationName() string { return "MediaStreamDidInitialize" }
func (MediaStreamDidStart) NotificationName() string      { return "MediaStreamDidStart" }
func (MediaStreamDidFail) NotificationName() string       { return "MediaStreamDidFail" }
func (MediaStreamWillEnd) NotificationName() string       { return "MediaStreamWillEnd" }
func (MediaStreamDidEnd) NotificationName() string        { return "MediaStreamDidEnd" }

// Notifications lists a zero value of every notification of this package.
func Notifications() []notification.Data {
	return append(msrpNotifications(), []notification.Data{
		AudioStreamICENegotiationStateDidChange{}, AudioStreamICENegotiationDidSucceed{}, AudioStreamICENegotiationDidFail{},
		MediaStreamDidInitialize{}, MediaStreamDidStart{}, MediaStreamDidFail{}, MediaStreamWillEnd{}, MediaStreamDidEnd{},
		AudioStreamDidChangeHoldState{}, AudioStreamDidChangeRTPParameters{}, AudioStreamDidTimeout{},
		AudioStreamGotDTMF{}, AudioStreamWillStartRecordingAudio{}, AudioStreamDidStartRecordingAudio{},
		AudioStreamWillStopRecordingAudio{}, AudioStreamDidStopRecordingAudio{},
	}...)
}

// AudioStreamDidTimeout tells that a stream that is to send and receive has
// received nothing for the RTP timeout. It is repeated, and ends nothing.
type AudioStreamDidTimeout struct{}

// NotificationName implements [notification.Data].
func (AudioStreamDidTimeout) NotificationName() string { return "AudioStreamDidTimeout" }
