package account

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// Registration is one series of REGISTER requests with one Call-ID (RFC 3261
// section 10.2), the sender of the SIPRegistration… notifications. It carries
// the identity that it was made with.
type Registration struct {
	from        core.Address
	user        string // of the Contact
	instance    string // URN, "" without one
	credentials *core.Credentials
	auth        *core.AuthCache
	callID      string
	cseq        uint32
	public      *sip.Uri // our Contact as seen from outside, nil while it is our own address
	stale       *sip.Uri // a Contact of ours to be removed
}

// CallID is that of its requests, "" before the first one.
func (r *Registration) CallID() string { return r.callID }

// String tells whose registration it is.
func (r *Registration) String() string { return "registration of " + r.from.URI.String() }

// params describe the next REGISTER.
func (r *Registration) params(send regSend) core.RequestParams {
	seconds := strconv.Itoa(int(send.expires / time.Second))
	contact := core.Address{URI: sip.Uri{Scheme: "sip", User: r.user}}
	if r.public != nil {
		contact.URI = *r.public.Clone()
	}
	if r.instance != "" {
		contact.Params = contact.Params.Add("+sip.instance", `"<`+r.instance+`>"`)
	}
	headers := []sip.Header{}
	if r.stale != nil {
		headers = append(headers, sip.NewHeader("Contact", "<"+r.stale.String()+">;expires=0"))
	}
	headers = append(headers, sip.NewHeader("Expires", seconds))
	if send.expires > 0 {
		headers = append(headers, sip.NewHeader("Supported", "gruu"))
	}
	return core.RequestParams{
		Method: sip.REGISTER, RequestURI: sip.Uri{Scheme: "sip", Host: r.from.URI.Host}, From: r.from, To: r.from,
		Route: send.route, Contact: &contact, Headers: headers, Credentials: r.credentials, Auth: r.auth,
		CallID: r.callID, CSeq: r.cseq, Timeout: send.timeout,
	}
}

// granted is how long a 2xx says we are registered: its Expires header, else the
// parameter of our Contact, else what was asked for. Nonsense does not count.
func granted(res *sip.Response, ours core.Address, list []core.Address, asked time.Duration) time.Duration {
	if h := res.GetHeader("Expires"); h != nil {
		if d, ok := seconds(h.Value()); ok && d > 0 {
			return d
		}
	}
	if c := find(list, ours.URI); c != nil {
		if text, ok := c.Params.Get("expires"); ok {
			if d, ok := seconds(text); ok {
				return d
			}
		}
	}
	if h := res.GetHeader("Expires"); h != nil {
		if d, ok := seconds(h.Value()); ok {
			return d // 0
		}
	}
	return asked
}

// maxSeconds is the largest number in an Expires header (RFC 3261 section
// 20.19), which also fits a time.Duration.
const maxSeconds = 1<<31 - 1

// seconds reads a number of seconds; a larger one than may be is the largest.
func seconds(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > maxSeconds {
		n = maxSeconds
	}
	return time.Duration(n) * time.Second, true
}

// contacts reads the Contact headers of an answer; what is malformed is left
// out.
func contacts(res *sip.Response) []core.Address {
	list := []core.Address{}
	for _, h := range res.GetHeaders("Contact") {
		if len(list) == 100 {
			break // nobody has that many phones
		}
		if a, err := core.ParseAddress(h.Value()); err == nil && !a.URI.Wildcard {
			a.Params = joinQuoted(a.Params)
			list = append(list, a)
		}
	}
	return list
}

// joinQuoted puts quoted values together again that the parser has split at
// their semicolons, and at the last of their equals signs: those of GRUUs have
// some.
func joinQuoted(params sip.HeaderParams) sip.HeaderParams {
	var joined sip.HeaderParams
	open := false
	for _, p := range params {
		text := p.K
		if p.V != "" {
			text += "=" + p.V
		}
		if open {
			joined[len(joined)-1].V += ";" + text
		} else {
			key, value, _ := strings.Cut(text, "=")
			joined = append(joined, sip.HeaderKV{K: key, V: value})
		}
		if strings.Count(text, `"`)%2 == 1 {
			open = !open
		}
	}
	return joined
}

// find is the address in the list with the URI, compared by user, host and port.
func find(list []core.Address, uri sip.Uri) *core.Address {
	for i := range list {
		u := list[i].URI
		if u.User == uri.User && strings.EqualFold(u.Host, uri.Host) && portOf(u) == portOf(uri) {
			return &list[i]
		}
	}
	return nil
}

func portOf(uri sip.Uri) int {
	switch {
	case uri.Port != 0:
		return uri.Port
	case uri.Scheme == "sips" || strings.EqualFold(uri.UriParams.GetOr("transport", ""), "tls"):
		return 5061
	}
	return 5060
}

// gruus are the addresses of RFC 5627.
type gruus struct{ public, temporary string }

// gruusOf finds those of our instance in an answer, however the instance is
// quoted (D11).
func gruusOf(list []core.Address, instance string) gruus {
	for _, c := range list {
		id, _ := c.Params.Get("+sip.instance")
		if instance == "" || strings.Trim(id, `"<>`) != instance {
			continue
		}
		return gruus{public: strings.Trim(c.Params.GetOr("pub-gruu", ""), `"`), temporary: strings.Trim(c.Params.GetOr("temp-gruu", ""), `"`)}
	}
	return gruus{}
}

// seenAt is our Contact as the registrar sees where we are: by received and
// rport of the topmost Via (RFC 3261 section 18.2.1, RFC 3581). ok is false when
// that is the Contact we have.
func seenAt(res *sip.Response, contact sip.Uri) (seen sip.Uri, ok bool) {
	via := res.Via()
	if via == nil {
		return seen, false
	}
	host, _ := via.Params.Get("received")
	port, _ := strconv.Atoi(via.Params.GetOr("rport", ""))
	streams := !strings.EqualFold(via.Transport, "udp")
	if host == "" {
		host = via.Host
	}
	if port < 1 || port > 65535 || streams && strings.EqualFold(host, via.Host) {
		port = portOf(contact) // a connection comes from another port than we listen at
	}
	if strings.EqualFold(strings.Trim(host, "[]"), strings.Trim(contact.Host, "[]")) && port == portOf(contact) {
		return seen, false
	}
	if !isAddress(host) {
		return seen, false
	}
	seen = *contact.Clone()
	seen.Host, seen.Port = host, port
	return seen, true
}
