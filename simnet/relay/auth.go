package relay

import (
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// auth answers AUTH: a challenge, or a path (RFC 4976 section 5).
func (r *Relay) auth(c *conn, h *msrp.Head) *msrp.Message {
	from, _, _ := strings.Cut(string(h.FromPath), " ")
	reply := &msrp.Message{TransactionID: string(h.TransactionID), ToPath: from, FromPath: string(h.ToPath)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused < len(r.cfg.Refuse) {
		reply.Code = r.cfg.Refuse[r.refused]
		reply.Comment = msrp.Comment(reply.Code)
		r.refused++
		r.counts.Refused++
		return reply
	}
	if r.cfg.Users != nil && !r.authenticLocked(string(h.Field("Authorization")), string(h.ToPath)) {
		nonce := r.ids.New()
		r.nonces[nonce] = true
		r.counts.Challenged++
		reply.Code, reply.Comment = 401, msrp.Comment(401)
		reply.Fields = []msrp.Field{{
			Name: "WWW-Authenticate", Value: fmt.Sprintf(`Digest realm="%s", qop="auth", nonce="%s"`, r.cfg.Realm, nonce),
		}}
		return reply
	}
	p := r.reserveLocked(c)
	r.counts.Authenticated++
	reply.Code, reply.Comment = 200, msrp.Comment(200)
	reply.Fields = []msrp.Field{
		{Name: "Use-Path", Value: p.uri.String()},
		{Name: "Expires", Value: strconv.Itoa(int(r.cfg.Expires / time.Second))},
	}
	return reply
}

// reserveLocked gives a client its path, or prolongs it.
func (r *Relay) reserveLocked(c *conn) *reservation {
	expires := time.Now().Add(r.cfg.Expires)
	for _, p := range r.paths {
		if p.client == c {
			p.expires = expires
			return p
		}
	}
	p := &reservation{client: c, expires: expires, uri: msrp.URI{
		Secure: r.cfg.TLS != nil, Host: r.cfg.Addr.Addr().String(), Port: int(r.cfg.Addr.Port()),
		SessionID: r.ids.Session(), Transport: "tcp",
	}}
	r.paths[p.uri.SessionID] = p
	return p
}

// authenticLocked checks an Authorization header.
func (r *Relay) authenticLocked(header, uri string) bool {
	rest, ok := strings.CutPrefix(header, "Digest ")
	if !ok {
		return false
	}
	p := msrp.ParseDigest(rest)
	password, known := r.cfg.Users[p["username"]]
	if !known || !r.nonces[p["nonce"]] {
		return false
	}
	want := msrp.DigestResponse(p["algorithm"], p["username"], r.cfg.Realm, password, "AUTH", uri, p["nonce"], p["nc"], p["cnonce"])
	return subtle.ConstantTimeCompare([]byte(want), []byte(p["response"])) == 1
}
