package msrp

import (
	"crypto/md5" //nolint:gosec // the algorithm of RFC 4976 section 9
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// challenge is a WWW-Authenticate header (RFC 7616 section 3.3).
type challenge struct {
	realm, nonce, opaque string
	algorithm            string
	stale                bool
}

var errChallenge = errors.New("relay asks for an authentication that we do not have")

func parseChallenge(text string) (*challenge, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return nil, errChallenge
	}
	p := ParseDigest(rest)
	c := &challenge{realm: p["realm"], nonce: p["nonce"], opaque: p["opaque"], algorithm: strings.ToUpper(p["algorithm"])}
	c.stale = strings.EqualFold(p["stale"], "true")
	if c.nonce == "" || c.algorithm != "" && c.algorithm != "MD5" && c.algorithm != "SHA-256" {
		return nil, errChallenge
	}
	return c, nil
}

// ParseDigest reads the parameters of a digest challenge or answer, by their names in lower case.
func ParseDigest(text string) map[string]string {
	params := map[string]string{}
	for text != "" {
		var name, value string
		name, text, _ = strings.Cut(text, "=")
		name = strings.ToLower(strings.Trim(name, " \t,"))
		text = strings.TrimLeft(text, " \t")
		if quoted, ok := strings.CutPrefix(text, `"`); ok {
			value, text, _ = strings.Cut(quoted, `"`)
		} else {
			value, text, _ = strings.Cut(text, ",")
			value = strings.TrimSpace(value)
		}
		if name != "" {
			params[name] = value
		}
		text = strings.TrimLeft(text, " \t,")
	}
	return params
}

// answer is the Authorization header: qop auth, the URI is that of To-Path (RFC 4976 section 9.1).
func (c *challenge) answer(r *Relay, uri, cnonce string, count int) string {
	nc := fmt.Sprintf("%08x", count)
	digest := DigestResponse(c.algorithm, r.Username, c.realm, r.Password, "AUTH", uri, c.nonce, nc, cnonce)
	text := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", qop=auth, nc=%s, cnonce="%s", response="%s"`,
		r.Username, c.realm, c.nonce, nc, cnonce, digest)
	if c.opaque != "" {
		text += fmt.Sprintf(`, opaque="%s"`, c.opaque)
	}
	if c.algorithm != "" {
		text += ", algorithm=" + c.algorithm
	}
	return text
}

// DigestResponse computes the response parameter with qop=auth (RFC 7616 section 3.4.1). Algorithm is "MD5", which is
// also "", or "SHA-256".
func DigestResponse(algorithm, username, realm, password, method, uri, nonce, nc, cnonce string) string {
	sum := func(parts ...string) string {
		var h hash.Hash = md5.New() //nolint:gosec // as above
		if strings.EqualFold(algorithm, "SHA-256") {
			h = sha256.New()
		}
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	return sum(sum(username, realm, password), nonce, nc, cnonce, "auth", sum(method, uri))
}
