package sipserver

import (
	"crypto/subtle"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Wrong passwords that one address may try within a minute; more are refused with 403 unread.
const (
	maxGuesses  = 20
	guessWindow = time.Minute
	maxGuessers = 10_000
)

// guesses counts wrong answers by address.
type guesses map[netip.Addr]guess

type guess struct {
	count int
	until time.Time
}

func (g guesses) tooMany(source netip.Addr, now time.Time) bool {
	return g[source].count >= maxGuesses && now.Before(g[source].until)
}

func (g guesses) wrong(source netip.Addr, now time.Time) {
	if len(g) >= maxGuessers {
		clear(g)
	}
	old := g[source]
	if now.After(old.until) {
		old = guess{until: now.Add(guessWindow)}
	}
	old.count++
	g[source] = old
}

// authorized checks the credentials of a request, and answers it when they are not good. user is who it is, "" if nobody
// was asked for.
func (w *work) authorized() (user string, ok bool) {
	s := w.s
	if !w.needsAuth() {
		return "", true
	}
	now, source := time.Now(), w.msg.Source.Addr()
	if s.guard.tooMany(source, now) {
		w.reply(sip.StatusForbidden)
		return "", false
	}
	c := w.credentials()
	if c == nil {
		w.challenge(false)
		return "", false
	}
	if !s.verify(w.req, c) {
		s.guard.wrong(source, now)
		w.challenge(false)
		return "", false
	}
	switch s.nonces.judge(c.Nonce, c.Nc, now) {
	case nonceForged:
		w.challenge(false)
		return "", false
	case nonceStale:
		w.challenge(true)
		return "", false
	}
	s.nonces.use(c.Nonce, c.Nc, now)
	return c.Username, true
}

// needsAuth: a registrar wants to know everybody whom it registers, a proxy its own users, and only at the beginning of a dialog.
func (w *work) needsAuth() bool {
	if len(w.s.cfg.Users) == 0 {
		return false
	}
	if w.req.Method == sip.REGISTER {
		return w.s.cfg.Registrar && w.s.registersFor(w.req)
	}
	_, known := w.s.cfg.Users[w.req.From().Address.User]
	return known && !w.req.To().Params.Has("tag")
}

func (w *work) challengeCode() int {
	switch {
	case w.s.cfg.Challenge != 0:
		return w.s.cfg.Challenge
	case w.req.Method == sip.REGISTER:
		return sip.StatusUnauthorized
	}
	return sip.StatusProxyAuthRequired
}

// credentialsHeader is the field in which the answer to our challenge stands.
func (w *work) credentialsHeader() string {
	if w.challengeCode() == sip.StatusProxyAuthRequired {
		return "Proxy-Authorization"
	}
	return "Authorization"
}

// credentials are the first ones for our realm, nil if there are none.
func (w *work) credentials() *digest.Credentials {
	for _, h := range w.req.GetHeaders(w.credentialsHeader()) {
		if c, err := digest.ParseCredentials(h.Value()); err == nil && c.Realm == w.s.cfg.Realm {
			return c
		}
	}
	return nil
}

// verify compares the answer with the right one, in a time that tells nothing. An unknown user has a password that nobody
// knows.
func (s *Server) verify(req *sip.Request, c *digest.Credentials) bool {
	password, known := s.cfg.Users[c.Username]
	if !known {
		password = s.token(16)
	}
	var uri sip.Uri
	switch {
	case c.QOP != "auth" || c.Cnonce == "" || c.Nc <= 0 || c.Userhash || !s.offers(c.Algorithm):
		return false
	case sip.ParseUri(c.URI, &uri) != nil || !sameURI(uri, req.Recipient):
		return false
	}
	right, err := digest.Digest(
		&digest.Challenge{Realm: c.Realm, Nonce: c.Nonce, Algorithm: c.Algorithm, QOP: []string{"auth"}},
		digest.Options{
			Method: string(req.Method), URI: c.URI, Count: c.Nc, Cnonce: c.Cnonce, Username: c.Username, Password: password,
		})
	if err != nil {
		return false
	}
	same := subtle.ConstantTimeCompare([]byte(right.Response), []byte(strings.ToLower(c.Response))) == 1
	return same && known
}

// offers tells whether we have offered an algorithm; none means MD5.
func (s *Server) offers(algorithm string) bool {
	if algorithm == "" {
		algorithm = "MD5"
	}
	for _, a := range s.cfg.Algorithms {
		if strings.EqualFold(a, algorithm) {
			return true
		}
	}
	return false
}

func (w *work) challenge(stale bool) {
	code := w.challengeCode()
	res := wire.NewResponse(w.req, code, core.Phrase(code), w.s.token(8))
	w.s.addChallenges(res, stale)
	w.respond(res)
}

// addChallenges adds one challenge for each algorithm, best first (RFC 8760 section 2.3), with one nonce for all.
func (s *Server) addChallenges(res *sip.Response, stale bool) {
	name := "WWW-Authenticate"
	if res.StatusCode == sip.StatusProxyAuthRequired {
		name = "Proxy-Authenticate"
	}
	nonce := s.nonces.next(time.Now())
	for _, a := range s.cfg.Algorithms {
		c := digest.Challenge{Realm: s.cfg.Realm, Nonce: nonce, Algorithm: a, QOP: []string{"auth"}, Stale: stale}
		res.AppendHeader(sip.NewHeader(name, c.String()))
	}
}

// forgetCredentials takes out what was meant for us: nobody behind us needs it.
func (w *work) forgetCredentials(req *sip.Request) {
	name := w.credentialsHeader()
	var kept []sip.Header
	for _, h := range req.GetHeaders(name) {
		if c, err := digest.ParseCredentials(h.Value()); err != nil || c.Realm != w.s.cfg.Realm {
			kept = append(kept, h)
		}
	}
	removeAll(req, name)
	for _, h := range kept {
		req.AppendHeader(h)
	}
}
