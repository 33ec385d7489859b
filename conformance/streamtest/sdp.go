package streamtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// descriptionClauses are about making streams of remote offers (B).
var descriptionClauses = []Clause{
	{11, "an m-line of another media type is unknown (ErrUnknownStream)", checkForeign},
	{12, "an m-line of its kind with an unusable protocol is invalid (*InvalidStreamError)", checkProtocol},
	{13, "an m-line of its kind without a common format or content type is invalid (*InvalidStreamError)", checkFormats},
	{14, "NewFromSDP neither panics nor returns another error, whatever the attributes", checkFuzz},
	{15, "only the m-line of the index decides", checkIndex},
	{16, "the remote description is not modified", checkUnmodified},
	{17, "two calls with the same offer give two independent streams", checkIndependent},
	{18, "its own offers are acceptable to its own NewFromSDP", checkOwnOffer},
}

func (w *world) fromSDP(d *sdp.SessionDescription, index int) (s streams.MediaStream, err error) {
	w.try("NewFromSDP", func() { s, err = w.factory.NewFromSDP(w.us.env, d, index) })
	return s, err
}

func isInvalid(err error) bool { _, ok := errors.AsType[*streams.InvalidStreamError](err); return ok }

func checkForeign(w *world) {
	const addr = "192.0.2.77"
	own := w.acceptable().MediaDescriptions[0].MediaName.Media
	for _, line := range []string{"m=image 4000 udptl t38", "m=video 4000 RTP/AVP 31", "m=audio 4000 RTP/AVP 0 8", "m=x 1 y z",
		"m=message 2855 TCP/MSRP *\na=path:msrp://192.0.2.77:2855/x;tcp\na=accept-types:text/plain",
		"m=application 2855 TCP/MSRP *\na=path:msrp://192.0.2.77:2855/x;tcp\na=accept-types:application/x-rfb"} {
		if strings.HasPrefix(line, "m="+own+" ") {
			continue
		}
		w.doing("NewFromSDP of %q", line)
		_, err := w.fromSDP(w.offer(addr, line), 0)
		w.want(errors.Is(err, streams.ErrUnknownStream), "error %v", err)
	}
}

func checkProtocol(w *world) {
	d := w.acceptable()
	d.MediaDescriptions[0].MediaName.Protos = []string{"NONSENSE", "X"}
	w.doing("NewFromSDP of the acceptable m-line with protocol NONSENSE/X")
	_, err := w.fromSDP(d, 0)
	w.want(isInvalid(err), "error %v", err)
}

func checkFormats(w *world) {
	lines := w.f.Unusable
	if line := w.acceptable().MediaDescriptions[0]; callsdp.IsRTP(line) {
		lines = append([]string{fmt.Sprintf("m=%s 4000 %s 111\na=rtpmap:111 x-unheard-of/8000", line.MediaName.Media, callsdp.Protocol(line))}, lines...)
	}
	w.applies(len(lines) > 0, "the fixture has no Unusable m-lines")
	for _, line := range lines {
		w.doing("NewFromSDP of %q", line)
		_, err := w.fromSDP(w.offer("192.0.2.77", line), 0)
		w.want(isInvalid(err), "error %v", err)
	}
}

func checkFuzz(w *world) {
	random := rand.New(rand.NewPCG(1, 2))
	for range w.f.cases() {
		d := w.acceptable()
		mangle(random, d.MediaDescriptions[0])
		w.doing("NewFromSDP of\n%s", callsdp.Marshal(d))
		_, err := w.fromSDP(d, 0)
		w.want(err == nil || isInvalid(err) || errors.Is(err, streams.ErrUnknownStream), "error %v", err)
	}
}

// mangle changes formats and attributes at random.
func mangle(random *rand.Rand, line *sdp.MediaDescription) {
	junk := []string{"", " ", "0", "-1", "96 /", "96 x/y/z", "999999999999", "%n", strings.Repeat("a", 300), "\x00\xff", ":::"}
	pick := func() string { return junk[random.IntN(len(junk))] }
	for range 1 + random.IntN(4) {
		switch at := random.IntN(len(line.Attributes) + 2); {
		case at < len(line.Attributes) && random.IntN(2) == 0:
			line.Attributes[at].Value = pick()
		case at < len(line.Attributes):
			line.Attributes[at].Key = pick()
		case random.IntN(2) == 0:
			line.MediaName.Formats = append(line.MediaName.Formats, pick())
		default:
			line.Attributes = append(line.Attributes, sdp.NewAttribute(fmt.Sprint("x", random.IntN(9)), pick()))
		}
	}
}

func checkIndex(w *world) {
	for good := range 2 {
		d := w.offer("192.0.2.77", w.f.Acceptable, w.f.Acceptable)
		d.MediaDescriptions[1-good].MediaName.Protos = []string{"NONSENSE", "X"}
		w.doing("NewFromSDP of two m-lines, the acceptable one has index %d", good)
		_, err := w.fromSDP(d, good)
		w.want(err == nil, "index %d: error %v", good, err)
		_, err = w.fromSDP(d, 1-good)
		w.want(err != nil, "index %d: the unusable line was taken", 1-good)
		_, err = w.fromSDP(d, 2)
		w.want(err != nil, "index 2: a line that is not there was taken")
	}
}

func checkUnmodified(w *world) {
	w.doing("NewFromSDP, and compared the description with that before")
	for _, protocol := range []string{"", "NONSENSE"} {
		d := w.acceptable()
		if protocol != "" {
			d.MediaDescriptions[0].MediaName.Protos = []string{protocol}
		}
		before := string(callsdp.Marshal(d))
		_, _ = w.fromSDP(d, 0) // what becomes of it is the business of other clauses
		w.want(string(callsdp.Marshal(d)) == before, "was\n%sis\n%s", before, callsdp.Marshal(d))
	}
}

func checkIndependent(w *world) {
	d := w.acceptable()
	first, second := w.us.incoming(d), w.us.incoming(d)
	w.doing("NewFromSDP twice with the same offer, initialised both, ended the first")
	if first == second {
		w.failf("both calls returned the same stream")
		return
	}
	w.us.initialized(first, streams.Incoming)
	w.us.initialized(second, streams.Incoming)
	w.us.end(first)
	w.settle()
	w.want(w.us.record.count(second, "WillEnd", "DidEnd", "DidFail") == 0, "the second posted %v", w.us.record.names(second))
	_, err := second.LocalMedia(false)
	w.want(err == nil, "LocalMedia of the second: %v", err)
}

func checkOwnOffer(w *world) {
	a := w.ready()
	far := func(when string) {
		d := w.peer.description(w.us.media(a, true))
		w.doing("NewFromSDP of its own offer %s:\n%s", when, text(d.MediaDescriptions[0]))
		_, err := w.fromSDP(d, 0)
		w.want(err == nil, "error %v", err)
	}
	far("before the start")
	w.establish(a, w.peer)
	far("after the start")
}

// text is an m-line with its attributes.
func text(line *sdp.MediaDescription) string {
	whole := string(callsdp.Marshal(&sdp.SessionDescription{MediaDescriptions: []*sdp.MediaDescription{line}}))
	_, text, _ := strings.Cut(strings.ReplaceAll(whole, "\r\n", "\n"), "\nm=")
	return "m=" + text
}
