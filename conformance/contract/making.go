package contract

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// makingClauses are about new streams and descriptions.
var makingClauses = []clause{
	{"1, 7, 8, 9", "type and hold of fresh streams", func(r *run) {
		for _, s := range []streams.MediaStream{r.outgoing(), r.incoming()} {
			r.want(s.Type() != "", "the type is empty")
			r.want(!s.OnHold() && !s.OnHoldByLocal() && !s.OnHoldByRemote(), "a fresh stream is on hold")
		}
		r.want(r.outgoing().HoldSupported() == r.incoming().HoldSupported(), "hold_supported differs")
	}},
	{"10", "making a stream posts and binds nothing", func(r *run) {
		for _, s := range []streams.MediaStream{r.outgoing(), r.incoming()} {
			r.settle()
			r.expect(s)
		}
	}},
	{"11", "m-lines of other media are unknown", func(r *run) {
		for _, line := range []string{"m=image 4000 udptl t38", "m=video 4000 RTP/AVP 31", "m=x 1 y z"} {
			_, err := r.f.Factory.NewFromSDP(r.env, r.remote(line), 0)
			r.want(errors.Is(err, streams.ErrUnknownStream), "%s: %v", line, err)
		}
	}},
	{"12, 13", "unusable m-lines are invalid", func(r *run) {
		for _, line := range r.f.Unusable {
			_, err := r.f.Factory.NewFromSDP(r.env, r.remote(line), 0)
			_, ok := errors.AsType[*streams.InvalidStreamError](err)
			r.want(ok, "%s: %v", line, err)
		}
	}},
	{"14", "no attribute makes it panic", func(r *run) {
		random := rand.New(rand.NewPCG(1, 2))
		for range 2000 {
			d := r.remote(r.f.Acceptable)
			mangle(random, d.MediaDescriptions[0])
			_, err := r.f.Factory.NewFromSDP(r.env, d, 0)
			_, invalid := errors.AsType[*streams.InvalidStreamError](err)
			r.want(err == nil || invalid || errors.Is(err, streams.ErrUnknownStream), "error %v", err)
		}
	}},
	{"15, 16", "only the m-line of the index counts, and nothing is modified", func(r *run) {
		for i, lines := range [][]string{{r.f.Acceptable, r.f.Unusable[0]}, {r.f.Unusable[0], r.f.Acceptable}} {
			d := r.remote(lines...)
			before := string(callsdp.Marshal(d))
			_, err := r.f.Factory.NewFromSDP(r.env, d, i)
			r.want(err == nil, "good line %d: %v", i, err)
			_, err = r.f.Factory.NewFromSDP(r.env, d, 1-i)
			r.want(err != nil, "bad line %d was taken", 1-i)
			r.want(string(callsdp.Marshal(d)) == before, "the remote description was modified")
			_, err = r.f.Factory.NewFromSDP(r.env, d, 2)
			r.want(err != nil, "a line that is not there was taken")
		}
	}},
	{"18", "its own offer is acceptable", func(r *run) {
		s := r.initialized()
		defer s.End()
		_, err := r.f.Factory.NewFromSDP(r.env, r.local(r.media(s, true)), 0)
		r.must(err)
	}},
	{"29", "no description before initialisation", func(r *run) {
		s := r.outgoing()
		_, err := s.LocalMedia(true)
		r.expectIllegal("LocalMedia", err)
		s.End()
	}},
	{"30, 31, 33, 34, 38", "what a description looks like", func(r *run) {
		s := r.initialized()
		defer s.End()
		line := r.media(s, true)
		first := text(line)
		port := line.MediaName.Port.Value
		r.want(line.MediaName.Media != "" && len(line.MediaName.Protos) > 0 && len(line.MediaName.Formats) > 0, "m-line %s", first)
		r.want(port >= 1 && port <= 65535, "port %d", port)
		directions := 0
		for _, a := range line.Attributes {
			if _, err := sdp.NewDirection(a.Key); err == nil {
				directions++
			}
		}
		r.want(directions <= 1, "%d direction attributes in %s", directions, first)
		line.MediaName.Port.Value, line.Attributes = 0, nil
		clear(line.MediaName.Formats)
		r.want(text(r.media(s, true)) == first, "changing a description changed the next: %s", text(r.media(s, true)))
	}},
	{"35, 36, 37", "answers fit their offers", func(r *run) {
		for _, direction := range []sdp.Direction{callsdp.SendRecv, callsdp.SendOnly, callsdp.RecvOnly, callsdp.Inactive} {
			offer := r.remote(r.f.Acceptable)
			callsdp.SetDirection(offer.MediaDescriptions[0], direction)
			s, err := r.f.Factory.NewFromSDP(r.env, offer, 0)
			if err != nil {
				continue // a stream may refuse a direction
			}
			r.must(s.Initialize(owner{}, streams.Incoming))
			r.settle()
			answer := callsdp.AnswerLine(offer.MediaDescriptions[0], offer, r.media(s, false))
			r.want(callsdp.Alive(answer), "offer %v is refused", direction)
			r.want(callsdp.Protocol(answer) == callsdp.Protocol(offer.MediaDescriptions[0]), "protocol %s", callsdp.Protocol(answer))
			got := callsdp.Direction(answer, nil)
			r.want(!s.HoldSupported() || got == callsdp.Reverse(direction), "offer %v is answered %v", direction, got)
			s.End()
		}
	}},
}

func text(line *sdp.MediaDescription) string {
	return string(callsdp.Marshal(&sdp.SessionDescription{MediaDescriptions: []*sdp.MediaDescription{line}}))
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
