package streams

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// AudioStreamGotDTMF tells that the peer has pressed a key. It is posted once
// for each press, at its first packet.
type AudioStreamGotDTMF struct {
	Digit string `field:"digit"` // one of 0-9 * # A-D
}

// NotificationName implements [notification.Data].
func (AudioStreamGotDTMF) NotificationName() string { return "AudioStreamGotDTMF" }

// ErrNoDigit is what SendDTMF returns for anything but one of 0-9 * # A-D.
var ErrNoDigit = errors.New("no DTMF digit")

// digits are the events 0-15 of RFC 4733 section 3.2.
const digits = "0123456789*#ABCD"

// SendDTMF sends one of the digits 0-9 * # A-D as an event (RFC 4733), 200 ms
// long, after those that wait already. It is legal while ESTABLISHED only (else
// an [*IllegalStateError]). To a peer that takes no events, and with 31 digits
// waiting, nothing is sent. The other error wraps [ErrNoDigit].
func (s *AudioStream) SendDTMF(digit string) error {
	event := strings.Index(digits, digit)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != AudioEstablished || s.failed {
		return &IllegalStateError{Method: "SendDTMF", State: string(s.state)}
	}
	if len(digit) != 1 || event < 0 {
		return fmt.Errorf("%q: %w", digit, ErrNoDigit)
	}
	if s.active.eventsOut.takes(uint8(event)) {
		s.rtp.events.queue(uint8(event))
	}
	return nil
}

// eventFormat is the telephone-event of one side of a call.
type eventFormat struct {
	ok          bool
	payloadType uint8
	events      uint16 // bit i: event i is understood
}

func (f eventFormat) takes(event uint8) bool { return f.ok && event < 16 && f.events>>event&1 == 1 }

// eventPayloadType is the number we give to events in offers, on the clock that
// most codecs have.
const (
	eventPayloadType = 101
	eventClock       = 8000
)

// eventFormatOf finds among the formats of an m-line the events that run on the
// clock of the codec (RFC 4733 section 2.1).
func eventFormatOf(formats []callsdp.Codec, clock int) eventFormat {
	for _, c := range formats {
		number, err := strconv.ParseUint(c.Format, 10, 7)
		if err == nil && strings.EqualFold(c.Name, "telephone-event") && c.Rate == clock {
			return eventFormat{ok: true, payloadType: uint8(number), events: eventList(c.Params)}
		}
	}
	return eventFormat{}
}

// eventList reads "0-11,16" of a=fmtp; without one, 0-15 are meant (RFC 4733
// section 2.5.1.1). What cannot be read is left out.
func eventList(params string) uint16 {
	if strings.TrimSpace(params) == "" {
		return 0xFFFF
	}
	var list uint16
	for part := range strings.SplitSeq(params, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err1 := strconv.ParseUint(from, 10, 8)
		last, err2 := first, err1
		if isRange {
			last, err2 = strconv.ParseUint(to, 10, 8)
		}
		if err1 != nil || err2 != nil {
			continue
		}
		for e := first; e <= min(last, 15); e++ {
			list |= 1 << e
		}
	}
	return list
}

// addEvents offers telephone-event on each clock that the codecs have (RFC 4733
// section 2.1): 8000 Hz as 101, other ones as the numbers after it.
func addEvents(line *sdp.MediaDescription, codecs []audio.Codec) {
	clocks := []int{eventClock}
	for _, c := range codecs {
		if !slices.Contains(clocks, c.ClockRate) {
			clocks = append(clocks, c.ClockRate)
		}
	}
	for i, clock := range clocks {
		number := strconv.Itoa(eventPayloadType + i)
		line.MediaName.Formats = append(line.MediaName.Formats, number)
		line.Attributes = append(line.Attributes, sdp.NewAttribute("rtpmap", number+" telephone-event/"+strconv.Itoa(clock)),
			sdp.NewAttribute("fmtp", number+" 0-15"))
	}
}
