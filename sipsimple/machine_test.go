package sipsimple

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

var update = flag.Bool("update", false, "write what the machine does into testdata/machine, to be read before it is committed")

// TestMachine plays testdata/machine: each file is one theme, each paragraph
// that begins with "# " one case. A line "> input" is an API call, an event of
// the invitation or of a stream, or a timer that runs out (see [world.play]);
// the lines after it are what the machine does. Run with -update to write them.
func TestMachine(t *testing.T) {
	files, err := filepath.Glob("testdata/machine/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no files in testdata/machine", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { playFile(t, file) })
	}
}

func playFile(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for i, part := range strings.Split(string(text), "\n# ") {
		if i == 0 && !strings.HasPrefix(part, "# ") {
			out.WriteString(strings.TrimRight(part, "\n") + "\n")
			continue
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(part, "# "), "\n")
		got := playCase(title, part)
		if want := "\n# " + strings.TrimRight(strings.TrimPrefix(part, "# "), "\n") + "\n"; got != want && !*update {
			t.Errorf("%s: %s\ngot:\n%s\nwant:\n%s", file, title, got, want)
		}
		out.WriteString(got)
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimPrefix(out.String(), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func playCase(title, text string) string {
	w := newWorld()
	out := "\n# " + title + "\n"
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.HasPrefix(line, "//"):
			out += line + "\n"
		case strings.HasPrefix(line, "> "):
			from := len(w.log)
			w.play(strings.Fields(line[2:]))
			out += line + "\n"
			for _, done := range w.log[from:] {
				out += "  " + done + "\n"
			}
		}
	}
	return out
}

// play is one input line.
func (w *world) play(words []string) {
	verb, args := words[0], words[1:]
	switch {
	case strings.Contains(verb, "+"): // claimed one after the other, before the machine runs
		for _, one := range strings.Split(verb, "+") {
			w.claim(one, nil)
		}
		w.feed(nil)
	case w.claim(verb, args):
		w.feed(nil)
	default:
		w.feed(w.eventOf(verb, args))
	}
}

// claim is a line that is an API call.
func (w *world) claim(verb string, args []string) bool {
	switch verb {
	case "connect": // connect a c via x y
		names, routes, _ := strings.Cut(strings.Join(args, " "), " via ")
		c := connectCommand{to: core.Address{URI: sip.Uri{User: "bob", Host: "bob.test"}}, streams: w.streamList(strings.Fields(names))}
		for _, address := range strings.Fields(routes) {
			c.routes = append(c.routes, core.Route{Address: address})
		}
		_ = w.command(c)
	case "ring":
		_ = w.command(ringCommand{})
	case "accept":
		_ = w.command(acceptCommand{streams: w.streamList(args)})
	case "reject": // reject 486 Not now
		c := rejectCommand{}
		if len(args) > 0 {
			c.code = number(args[0])
			c.reason = strings.Join(args[1:], " ")
		}
		_ = w.command(c)
	case "end":
		_ = w.command(endCommand{})
	case "abandon":
		_ = w.command(abandonCommand{})
	case "hold", "unhold":
		_ = w.command(holdCommand{hold: verb == "hold"})
	case "add":
		_ = w.command(addStreamCommand{stream: w.stream(args[0])})
	case "remove":
		_ = w.command(removeStreamCommand{stream: w.stream(args[0])})
	case "accept-proposal":
		_ = w.command(acceptProposalCommand{streams: w.streamList(args)})
	case "reject-proposal":
		_ = w.command(rejectProposalCommand{})
	case "cancel-proposal":
		_ = w.command(cancelProposalCommand{})
	case "transfer":
		_ = w.command(transferCommand{target: address(args[0])})
	case "accept-transfer":
		_ = w.command(acceptTransferCommand{})
	case "reject-transfer":
		_ = w.command(rejectTransferCommand{})
	case "no-route":
		w.noRoute[args[0]] = true
	default:
		return w.claimConference(verb, args)
	}
	return true
}

// eventOf is a line that is an event.
func (w *world) eventOf(verb string, args []string) event {
	rest := strings.Join(args, " ")
	switch verb {
	case "incoming": // incoming a c, or incoming alone for an INVITE without SDP
		return w.incoming(args)
	case "initialized", "started", "ended", "failed": // of a stream
		s := w.stream(args[0])
		s.initialized = s.initialized || verb == "initialized"
		what := map[string]streamHappening{
			"initialized": streamInitialized, "started": streamStarted, "ended": streamEnded, "failed": streamFailed,
		}[verb]
		w.queue = append(w.queue, streamEvent{stream: s, what: what, reason: strings.Join(args[1:], " ")})
		return nil
	case "provisional": // provisional 183 sdp tag=x
		e := core.Provisional{Code: number(args[0]), Phrase: core.Phrase(number(args[0]))}
		e.SDP, e.Response = w.answer(args[1:])
		return e
	case "accepted": // accepted off=1, accepted foreign, accepted empty, accepted cancelled, accepted tag=x
		e := core.Accepted{Code: 200, Phrase: "OK", Cancelled: rest == "cancelled"}
		if len(args) == 0 {
			args = []string{"sdp"}
		}
		e.SDP, e.Response = w.answer(args)
		return e
	case "rejected": // rejected 486 In a meeting
		return core.Rejected{Code: number(args[0]), Phrase: core.Phrase(number(args[0])), Reason: strings.Join(args[1:], " ")}
	case "reinvite": // reinvite audio=sendonly message:c audio=0, reinvite broken, or reinvite alone without SDP
		return w.reinvited(args)
	case "acknowledged":
		body, _ := w.answer(args)
		return core.Acknowledged{SDP: body}
	case "bye":
		return core.ByeReceived{Reason: rest}
	case "bye-done":
		return core.ByeDone{Code: number(args[0]), Phrase: core.Phrase(number(args[0]))}
	case "cancelled":
		return core.Cancelled{Reason: rest}
	case "expired":
		delete(w.timers, timer(rest))
		return expired{timer(rest)}
	}
	if e := transferEvent(verb, args); e != nil {
		return e
	}
	if e := w.conferenceEvent(verb, args); e != nil {
		return e
	}
	return map[string]event{
		"invite-timeout": core.InviteTimeout{}, "transport-failed": core.TransportFailed{},
		"ack-timeout": core.AckTimeout{}, "rejection-acknowledged": core.RejectionAcknowledged{},
	}[verb]
}

// transferEvent is a line about a transfer.
func transferEvent(verb string, args []string) event {
	code := 0
	if len(args) > 0 {
		code, _ = strconv.Atoi(args[0])
	}
	phrase := core.Phrase(code)
	switch verb {
	case "referred":
		return core.ReferReceived{Target: address(args[0]), ReferredBy: "<sip:alice@alice.test>"}
	case "refer-accepted":
		return core.ReferAccepted{}
	case "refer-progress":
		return core.ReferProgress{Code: code, Phrase: phrase}
	case "refer-ended":
		return core.ReferEnded{Code: code, Phrase: phrase}
	case "refer-refused":
		return core.ReferEnded{Code: code, Phrase: phrase, Refused: true}
	case "refer-notified":
		told := 200
		if code != 0 {
			told = code
		}
		return core.ReferNotified{Code: 200, Phrase: "OK", Told: told}
	case "call-not-placed":
		return callProgress{what: callNotPlaced, reason: "DNS lookup failed: no such host"}
	case "call-provisional":
		return callProgress{what: callProvisional, code: code, reason: phrase}
	case "call-started":
		return callProgress{what: callStarted}
	case "call-failed":
		return callProgress{what: callFailed, code: code, reason: phrase}
	}
	return nil
}

func address(uri string) core.Address {
	a, err := core.ParseAddress("<" + uri + ">")
	if err != nil {
		panic(err)
	}
	return a
}

// reinvited is a re-INVITE of the peer: a word for each m-line, with the name
// of the stream that a new one makes.
func (w *world) reinvited(lines []string) core.ReinviteReceived {
	if len(lines) == 0 {
		return core.ReinviteReceived{}
	}
	if lines[0] == "broken" {
		return core.ReinviteReceived{SDP: []byte("nonsense")}
	}
	offer := sdp.NewSession("peer", netip.MustParseAddr("192.0.2.2"), 7)
	for i, word := range lines {
		word, name, _ := strings.Cut(word, ":")
		media, direction, _ := strings.Cut(word, "=")
		line := mediaLine(media, 5000+2*i)
		if name != "" {
			line.Attributes = append(line.Attributes, psdp.Attribute{Key: "name", Value: name})
		}
		if d, err := psdp.NewDirection(direction); err == nil {
			sdp.SetDirection(line, d)
		}
		if direction == "0" {
			line = sdp.RefusedLine(line)
		}
		offer.MediaDescriptions = append(offer.MediaDescriptions, line)
	}
	return core.ReinviteReceived{SDP: sdp.Marshal(offer)}
}

func number(word string) int {
	n, err := strconv.Atoi(word)
	if err != nil {
		panic(err)
	}
	return n
}

// incoming is the INVITE of a peer that offers the streams.
func (w *world) incoming(names []string) incomingCall {
	w.inv = &fakeInvitation{world: w, in: true, received: 1}
	call := incomingCall{inv: w.inv, transport: "udp", agent: "peer", peer: netip.MustParseAddr("192.0.2.2")}
	if len(names) == 0 {
		return call
	}
	call.offer = sdp.NewSession("peer", call.peer, 7)
	for i, name := range names {
		s := w.stream(name)
		s.index = i
		call.streams = append(call.streams, s)
		call.offer.MediaDescriptions = append(call.offer.MediaDescriptions, mediaLine(s.media(), 5000+2*i))
	}
	return call
}

// answer reads "sdp", "off=N", "foreign", "empty" and "tag=X" and makes the
// peer's answer to the last description of ours.
func (w *world) answer(args []string) (body []byte, response *sip.Response) {
	tag := "peer"
	var off []int
	for _, word := range args {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "off":
			off = append(off, number(value))
		case "tag":
			tag = value
		}
	}
	response = sip.NewResponse(200, "OK")
	response.AppendHeader(&sip.ToHeader{Params: sip.HeaderParams{{K: "tag", V: tag}}})
	switch rest := strings.Join(args, " "); {
	case rest == "" || rest == "empty" || rest == "cancelled":
		return nil, response
	case rest == "foreign":
		d, _ := sdp.Parse(w.inv.offer)
		for _, line := range d.MediaDescriptions {
			line.MediaName.Formats = []string{"18"}
		}
		return sdp.Marshal(d), response
	case rest == "broken":
		return []byte("nonsense"), response
	case rest == "moved": // the first m-line
		d, _ := sdp.Parse(answerTo(w.inv.offer))
		d.MediaDescriptions[0].MediaName.Port.Value = 7000
		return sdp.Marshal(d), response
	default:
		return answerTo(w.inv.offer, off...), response
	}
}
