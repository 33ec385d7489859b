package core

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// maxAuthRetries is how often one request is sent again after a challenge.
const maxAuthRetries = 2

// Credentials answer the 401 and 407 challenges of a call we made (RFC 3261
// section 22, RFC 8760). The password never leaves this process.
type Credentials struct {
	Username string
	Password string
	Realms   []string // the only realms answered; empty means any
}

func (c *Credentials) covers(realm string) bool {
	return len(c.Realms) == 0 || slices.Contains(c.Realms, realm)
}

// authSession is what one invitation knows about those that challenge it: for
// each realm the last challenge and how often its nonce was used.
type authSession struct {
	spaces []*protectionSpace // in the order in which they were learnt
}

type protectionSpace struct {
	proxy     bool // answers go into Proxy-Authorization
	challenge *digest.Challenge
	count     int // uses of the nonce
}

// take learns the challenges of a 401 or 407. It reports whether it is worth
// to send the request again: all its challenges have credentials, and none
// refuses an answer to it (one that is only stale does not, RFC 7616 section
// 3.3). answered are the realms the request had credentials for; tries tells
// how often it was sent again before. Credentials of the first try were
// computed from an older challenge, so a new nonce is reason enough to retry.
func (s *authSession) take(res *sip.Response, creds *Credentials, answered []string, tries int) bool {
	if creds == nil || tries >= maxAuthRetries || (res.StatusCode != 401 && res.StatusCode != 407) {
		return false
	}
	proxy := res.StatusCode == 407
	found := false
	for _, challenge := range challengesOf(res, proxy) {
		if !creds.covers(challenge.Realm) {
			return false
		}
		old := s.find(proxy, challenge.Realm)
		refused := old != nil && slices.Contains(answered, spaceKey(proxy, challenge.Realm)) && !challenge.Stale
		if refused && (tries > 0 || old.challenge.Nonce == challenge.Nonce) {
			return false
		}
		s.put(&protectionSpace{proxy: proxy, challenge: challenge})
		found = true
	}
	return found
}

func (s *authSession) find(proxy bool, realm string) *protectionSpace {
	for _, space := range s.spaces {
		if space.proxy == proxy && space.challenge.Realm == realm {
			return space
		}
	}
	return nil
}

func (s *authSession) put(space *protectionSpace) {
	if old := s.find(space.proxy, space.challenge.Realm); old != nil {
		*old = *space
		return
	}
	s.spaces = append(s.spaces, space)
}

// authorize adds credentials for every known realm to a request and returns
// the keys of the realms answered.
func (s *authSession) authorize(req *sip.Request, creds *Credentials, rnd *random) []string {
	if creds == nil {
		return nil
	}
	var answered []string
	for _, space := range s.spaces {
		space.count++
		answer, err := digest.Digest(space.challenge, digest.Options{
			Method:   string(req.Method),
			URI:      req.Recipient.String(),
			GetBody:  func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(req.Body())), nil },
			Count:    space.count,
			Username: creds.Username,
			Password: creds.Password,
			Cnonce:   rnd.hex(16),
		})
		if err != nil {
			continue // an algorithm or qop that challengesOf lets pass is known to the library
		}
		name := "Authorization"
		if space.proxy {
			name = "Proxy-Authorization"
		}
		req.AppendHeader(sip.NewHeader(name, answer.String()))
		answered = append(answered, spaceKey(space.proxy, space.challenge.Realm))
	}
	return answered
}

func spaceKey(proxy bool, realm string) string {
	if proxy {
		return "proxy " + realm
	}
	return "user " + realm
}

// challengesOf are the challenges of a response to answer: for each realm the
// topmost whose algorithm is supported (RFC 8760 section 2.4).
func challengesOf(res *sip.Response, proxy bool) []*digest.Challenge {
	name := "www-authenticate"
	if proxy {
		name = "proxy-authenticate"
	}
	var chosen []*digest.Challenge
	for _, h := range res.GetHeaders(name) {
		c, err := digest.ParseChallenge(h.Value())
		if err != nil || c.Nonce == "" {
			continue
		}
		trimQOP(c)
		if !supportedChallenge(c) || slices.ContainsFunc(chosen, func(o *digest.Challenge) bool { return o.Realm == c.Realm }) {
			continue
		}
		chosen = append(chosen, c)
	}
	return chosen
}

// supportedChallenge knows the algorithms of RFC 8760; MD5 is the default.
func supportedChallenge(c *digest.Challenge) bool {
	switch strings.ToUpper(c.Algorithm) {
	case "", "MD5", "SHA-256", "SHA-512-256":
		return digest.CanDigest(c)
	}
	return false
}

// trimQOP cleans the list of qop values: "auth, auth-int" has a blank.
func trimQOP(c *digest.Challenge) {
	kept := c.QOP[:0]
	for _, qop := range c.QOP {
		if qop = strings.ToLower(strings.TrimSpace(qop)); qop != "" {
			kept = append(kept, qop)
		}
	}
	c.QOP = kept
}
