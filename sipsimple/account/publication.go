package account

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// PresenceState is what an account publishes about its user (RFC 3903, RFC
// 3856). It is never changed once it was given to [Account.Publish].
type PresenceState struct {
	ContentType string // "" means application/pidf+xml (RFC 3863)
	Document    []byte
}

// maxPresence bounds a document: the largest SIP message is 64 KiB.
const maxPresence = 60_000

// Errors of [Account.Publish].
var (
	ErrNotStored      = errors.New("the account is not one of a configuration")
	ErrPresenceLength = errors.New("a presence document has from 1 to 60000 octets")
	ErrContentType    = errors.New("a content type is TYPE/SUBTYPE, on one line")
)

// Publish makes state what the account publishes, for as long as the account is
// active and its setting presence.enabled is true: PresencePublicationWillPublish
// and what follows it. It is refreshed in time, and removed when the account
// leaves. nil removes it now: PresencePublicationDidEnd. It may be called at any
// time.
func (a *Account) Publish(state *PresenceState) error {
	if a.stored == nil {
		return ErrNotStored
	}
	if state != nil {
		switch n := len(state.Document); {
		case n == 0 || n > maxPresence:
			return ErrPresenceLength
		case state.ContentType != "" && (strings.Count(state.ContentType, "/") != 1 || strings.ContainsAny(state.ContentType, "\r\n")):
			return ErrContentType
		}
	}
	s := a.stored
	s.manager.post(func() {
		s.presence = state
		s.publishPresence()
	})
	return nil
}

// Published says whether a server has a document of ours at this moment.
func (a *Account) Published() bool { return a.stored != nil && a.stored.published.Load() }

// Publication is one document at a server, from its first PUBLISH to its removal
// (RFC 3903 section 4), the sender of the SIPPublication… notifications. It
// carries the identity that it was made with.
type Publication struct {
	from        core.Address
	credentials *core.Credentials
	auth        core.AuthCache
}

// String tells whose publication it is.
func (p *Publication) String() string { return "publication of " + p.from.URI.String() }

// params describe the next PUBLISH. Each has a Call-ID of its own.
func (p *Publication) params(o pubSend) core.RequestParams {
	headers := []sip.Header{
		sip.NewHeader("Event", "presence"), sip.NewHeader("Expires", strconv.Itoa(int(o.expires/time.Second))),
	}
	if o.tag != "" {
		headers = append(headers, sip.NewHeader("SIP-If-Match", o.tag))
	}
	r := core.RequestParams{
		Method: sip.PUBLISH, From: p.from, To: p.from, Route: o.route, Headers: headers,
		Credentials: p.credentials, Auth: &p.auth, Timeout: o.timeout,
	}
	if o.state != nil {
		r.ContentType, r.Body = o.state.ContentType, o.state.Document
		if r.ContentType == "" {
			r.ContentType = "application/pidf+xml"
		}
	}
	return r
}

// readPublished takes a final response apart. asked is what the PUBLISH wanted.
func readPublished(e core.RequestAnswered, asked time.Duration) pubAnswered {
	in := pubAnswered{code: e.Code, reason: e.Phrase}
	switch {
	case e.Code < 300:
		in.tag, in.granted = headerText(e.Response, "SIP-ETag"), asked
		if d, ok := seconds(headerText(e.Response, "Expires")); ok {
			in.granted = d
		}
	case e.Code == 423:
		in.minExpires, _ = seconds(headerText(e.Response, "Min-Expires"))
	}
	return in
}

// headerText is the value of a header, "" without one.
func headerText(res *sip.Response, name string) string {
	if h := res.GetHeader(name); h != nil {
		return strings.TrimSpace(h.Value())
	}
	return ""
}
