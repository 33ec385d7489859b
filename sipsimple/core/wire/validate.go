package wire

import (
	"sort"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Abilities is what a user agent does, as far as a request can be judged by it
// without looking at a dialog. A nil list is not checked.
type Abilities struct {
	Methods    []string // "INVITE", "ACK" …: others are refused 405 or 501
	Extensions []string // option tags: others in Require are refused 420
	Bodies     []string // media types of a body, "application/sdp": others are refused 415
}

// Refusal is a final response that a request deserves.
type Refusal struct {
	Code    int
	Phrase  string
	Headers []sip.Header // Allow, Accept, Unsupported …
}

// Response builds the response.
func (r *Refusal) Response(req *sip.Request, toTag string) *sip.Response {
	res := NewResponse(req, r.Code, r.Phrase, toTag)
	for _, h := range r.Headers {
		res.AppendHeader(h)
	}
	return res
}

// Validate judges a request that passed the guard by RFC 3261 sections 8.2.1
// to 8.2.3 and returns nil if nothing is against it. ACK is never refused, and
// CANCEL not for its extensions (section 8.2.2.3).
func Validate(req *sip.Request, can Abilities) *Refusal {
	if req.Method == sip.ACK {
		return nil
	}
	for _, check := range [...]func(*sip.Request, Abilities) *Refusal{
		checkMethod, checkScheme, checkRequire, checkBody, checkAccept,
	} {
		if r := check(req, can); r != nil {
			return r
		}
	}
	return nil
}

// registered holds the methods of the IANA registry: one of them that we do not
// have is 405, any other 501 (RFC 3261 sections 21.4.6, 21.5.2).
const registered = " INVITE ACK BYE CANCEL OPTIONS REGISTER PRACK UPDATE INFO SUBSCRIBE NOTIFY REFER MESSAGE PUBLISH "

func checkMethod(req *sip.Request, can Abilities) *Refusal {
	if can.Methods == nil || contains(can.Methods, string(req.Method), false) {
		return nil
	}
	if strings.Contains(registered, " "+string(req.Method)+" ") {
		return refuse(sip.StatusMethodNotAllowed, "Method Not Allowed", "Allow", can.Methods)
	}
	return refuse(sip.StatusNotImplemented, "Not Implemented", "Allow", can.Methods)
}

func checkScheme(req *sip.Request, _ Abilities) *Refusal {
	if s := req.Recipient.Scheme; s != "sip" && s != "sips" && s != "" {
		return &Refusal{Code: unsupportedScheme, Phrase: "Unsupported URI Scheme"}
	}
	return nil
}

func checkRequire(req *sip.Request, can Abilities) *Refusal {
	if can.Extensions == nil || req.Method == sip.CANCEL {
		return nil
	}
	var unknown []string
	for _, tag := range Values(req, "Require") {
		if !contains(can.Extensions, tag, true) {
			unknown = append(unknown, tag)
		}
	}
	if unknown == nil {
		return nil
	}
	return refuse(sip.StatusBadExtension, "Bad Extension", "Unsupported", unknown)
}

// checkBody: a body that is optional (Content-Disposition) is no reason to refuse.
func checkBody(req *sip.Request, can Abilities) *Refusal {
	if can.Bodies == nil || len(req.Body()) == 0 || optionalBody(req) {
		return nil
	}
	if h := First(req, "Content-Encoding"); h != nil && h.Value() != "" && !strings.EqualFold(h.Value(), "identity") {
		return refuse(sip.StatusUnsupportedMediaType, "Unsupported Media Type", "Accept-Encoding", []string{"identity"})
	}
	if h := req.ContentType(); h != nil && contains(can.Bodies, mediaType(h.Value()), true) {
		return nil
	}
	return refuse(sip.StatusUnsupportedMediaType, "Unsupported Media Type", "Accept", can.Bodies)
}

func optionalBody(req *sip.Request) bool {
	h := First(req, "Content-Disposition")
	if h == nil {
		return false
	}
	for _, param := range strings.Split(h.Value(), ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(trim(name), "handling") && strings.EqualFold(strings.Trim(trim(value), `"`), "optional") {
			return true
		}
	}
	return false
}

// checkAccept: an INVITE is answered with SDP, so it must accept that (RFC 3261
// section 20.1: without Accept it does).
func checkAccept(req *sip.Request, _ Abilities) *Refusal {
	if req.Method != sip.INVITE || First(req, "Accept") == nil {
		return nil
	}
	for _, v := range Values(req, "Accept") {
		switch strings.ToLower(mediaType(v)) {
		case "application/sdp", "application/*", "*/*":
			return nil
		}
	}
	return &Refusal{Code: sip.StatusNotAcceptable, Phrase: "Not Acceptable"}
}

// Values are the values of a list field (Require, Supported, Allow, Accept …)
// over all its occurrences. Empty ones are left out.
func Values(msg sip.Message, name string) []string {
	var out []string
	for h := range Fields(msg, name) {
		rest, more := h.Value(), true
		for more {
			var value string
			value, rest, more = cutValue(rest)
			if value = trim(value); value != "" {
				out = append(out, value)
			}
		}
	}
	return out
}

// mediaType is a value of Content-Type or Accept without its parameters.
func mediaType(s string) string {
	media, _, _ := strings.Cut(s, ";")
	typ, subtype, slash := strings.Cut(media, "/")
	if slash && !strings.ContainsAny(media, " \t") {
		return media
	}
	return trim(typ) + "/" + trim(subtype)
}

func contains(list []string, s string, fold bool) bool {
	for _, l := range list {
		if l == s || fold && strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

func refuse(code int, phrase, header string, values []string) *Refusal {
	if header != "Unsupported" {
		values = append([]string(nil), values...)
		sort.Strings(values)
	}
	return &Refusal{Code: code, Phrase: phrase, Headers: []sip.Header{sip.NewHeader(header, strings.Join(values, ", "))}}
}
