package sipsimple

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/conferenceinfo"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// claimConference is a line of testdata/machine that is a call of the
// conference, or one about the surroundings.
func (w *world) claimConference(verb string, args []string) bool {
	switch verb {
	case "add-participant", "remove-participant":
		remove := verb == "remove-participant"
		if w.command(participantCommand{method: "AddParticipant", participant: strings.Join(args, " "), remove: remove}) == nil {
			w.wishes++
		}
	case "focus", "no-focus":
		w.focus = verb == "focus"
		return false // an event that shows the flag
	case "clock":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			panic(err)
		}
		w.clock += d
	case "drawn": // drawn 12000
		w.chance = uint32(number(args[0])) - 1
	default:
		return false
	}
	return true
}

// conferenceEvent is a line about a request to the focus; a number before it
// names the request, without one it is the last.
func (w *world) conferenceEvent(verb string, args []string) event {
	request := w.request
	if n, err := strconv.Atoi(verb); err == nil {
		request, verb, args = n, args[0], args[1:]
	}
	switch verb {
	case "focus", "no-focus":
		return core.PeerRefreshed{}
	case "located": // located 192.0.2.9, or located alone
		if len(args) == 0 {
			return located{err: errors.New("could not get outgoing IP address")}
		}
		return located{route: core.Route{Address: args[0], ServerName: "late"}, local: netip.MustParseAddr("192.0.2.1")}
	case "routes":
		found := routesFound{request: request}
		for _, address := range args {
			found.routes = append(found.routes, core.Route{Address: address})
		}
		return found
	case "no-routes":
		return routesFound{request: request, err: errors.New("no such host")}
	case "network-changed":
		return networkChanged{}
	case "internal-error":
		return core.InternalError{}
	}
	if e := subscriptionLine(verb, args); e != nil {
		switch e.(type) {
		case core.SubscriptionEnded:
			delete(w.asked, request)
		default:
			w.asked[request] = "stands"
		}
		return subscriptionEvent{request: request, event: e}
	}
	return nil
}

// fromFocus lists what may come of the requests to the focus.
func (w *world) fromFocus() []string {
	lines := []string{"focus", "focus", "no-focus", "add-participant x@d", "remove-participant y@d"}
	for _, n := range slices.Sorted(maps.Keys(w.asked)) {
		for _, line := range map[string][]string{
			"look-up": {"routes 192.0.2.8 192.0.2.9", "routes", "no-routes"},
			"out":     {"sub-started", "sub-refused 503", "sub-refused 423 7200", "sub-refused 0", "sub-refused 489", "sub-refused bare"},
			"stands":  {"sub-notified 180", "sub-notified 200", "sub-document full 1", "sub-document partial 2", "sub-ended timeout", "sub-ended noresource"},
		}[w.asked[n]] {
			lines = append(lines, strconv.Itoa(n)+" "+line)
		}
	}
	return lines
}

// outcomes counts the calls about participants that have come to an end.
func (w *world) outcomes() int {
	count := 0
	for _, data := range w.posted {
		switch data.(type) {
		case SIPConferenceDidAddParticipant, SIPConferenceDidNotAddParticipant, SIPConferenceDidRemoveParticipant,
			SIPConferenceDidNotRemoveParticipant:
			count++
		}
	}
	return count
}

// subscriptionLine is what the core says of a subscription.
func subscriptionLine(verb string, args []string) core.SubscriptionEvent {
	switch verb {
	case "sub-started":
		return core.SubscriptionStarted{Expires: time.Hour}
	case "sub-document": // sub-document full 1
		body := `<conference-info xmlns="` + conferenceinfo.Namespace + `" entity="sip:x" state="` + args[0] + `" version="` + args[1] + `"/>`
		return core.SubscriptionNotified{State: "active", ContentType: conferenceinfo.ContentType, Body: []byte(body)}
	case "sub-notified": // sub-notified 180, sub-notified 180 bare
		if len(args) > 1 {
			return core.SubscriptionNotified{State: "active", Code: number(args[0])}
		}
		return core.SubscriptionNotified{State: "active", Code: number(args[0]), Phrase: core.Phrase(number(args[0]))}
	case "sub-refused": // sub-refused 423 7200, sub-refused bare
		if args[0] == "bare" {
			return core.SubscriptionEnded{Code: 200, NoContact: true}
		}
		e := core.SubscriptionEnded{Code: number(args[0]), Phrase: core.Phrase(number(args[0]))}
		if e.Code == 0 {
			e.Err = errInternal
		}
		if len(args) > 1 {
			e.MinExpires = time.Duration(number(args[1])) * time.Second
		}
		return e
	case "sub-lost": // sub-lost 423 7200
		return core.SubscriptionEnded{
			Code: number(args[0]), Phrase: core.Phrase(number(args[0])), MinExpires: time.Duration(number(args[1])) * time.Second, Established: true,
		}
	case "sub-ended": // sub-ended noresource
		return core.SubscriptionEnded{Reason: strings.Join(args, " "), Established: true}
	}
	return nil
}
