package xcap

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/icholy/digest"
)

// request is one call, over all the HTTP requests that challenges need.
type request struct {
	method   string
	document Document
	header   http.Header
	body     []byte
}

// answer is the final response, its body read.
type answer struct {
	code   int
	reason string
	header http.Header
	body   []byte
}

func (a answer) failure(method string, d Document) error {
	e := &ServerError{Method: method, Document: d, Code: a.code, Reason: a.reason}
	if a.code == http.StatusConflict {
		e.conflict(a.body)
	}
	return e
}

// do sends a request. A challenge is answered once, and once more if it only says
// that the nonce was too old. The answer is a success, a 304, or something that
// the caller has to judge; 4xx and 5xx are errors.
func (c *Client) do(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	authorization := ""
	for try := 0; ; try++ {
		a, err := c.send(ctx, r, authorization)
		if err != nil {
			return answer{}, fmt.Errorf("%s %s: %w", r.method, r.document, withoutURL(err))
		}
		if a.code == http.StatusUnauthorized && c.cfg.Password != "" && try < 2 {
			if challenge := choose(a.header.Values("WWW-Authenticate")); challenge != nil && (try == 0 || challenge.Stale) {
				if authorization, err = c.authorize(r, challenge); err == nil {
					continue
				}
			}
		}
		if a.code >= 400 {
			return a, a.failure(r.method, r.document)
		}
		return a, nil
	}
}

// withoutURL is the cause of an error of package http, whose text has the whole
// URL.
func withoutURL(err error) error {
	if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(fmt.Sprintf("%T", err), "*url.") {
		return inner
	}
	return err
}

func (c *Client) send(ctx context.Context, r request, authorization string) (answer, error) {
	path, err := r.document.path(c.cfg.User)
	if err != nil {
		return answer{}, err
	}
	target := strings.TrimSuffix(c.root.String(), "/") + "/" + path
	req, err := http.NewRequestWithContext(ctx, r.method, target, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	req.Header = r.header.Clone()
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(c.cfg.Limit)+1))
	switch {
	case err != nil:
		return answer{}, err
	case len(body) > c.cfg.Limit:
		return answer{}, ErrTooLarge
	}
	_, reason, _ := strings.Cut(res.Status, " ")
	return answer{res.StatusCode, reason, res.Header, body}, nil
}

// algorithms of digest authentication, best first (RFC 7616 section 3.7).
var algorithms = []string{"SHA-512-256", "SHA-256", "MD5"}

// choose is the best of the challenges that can be answered, nil without one.
func choose(headers []string) *digest.Challenge {
	var best *digest.Challenge
	rank := len(algorithms)
	for _, h := range headers {
		challenge, err := digest.ParseChallenge(h)
		if err != nil {
			continue
		}
		name := strings.ToUpper(challenge.Algorithm)
		if name == "" {
			name = "MD5"
		}
		if i := slices.Index(algorithms, name); i >= 0 && i < rank && digest.CanDigest(challenge) {
			best, rank = challenge, i
		}
	}
	return best
}

func (c *Client) authorize(r request, challenge *digest.Challenge) (string, error) {
	path, err := r.document.path(c.cfg.User)
	if err != nil {
		return "", err
	}
	cnonce := make([]byte, 16)
	c.chance.Lock()
	_, err = io.ReadFull(c.cfg.Rand, cnonce)
	c.chance.Unlock()
	if err != nil {
		return "", err
	}
	credentials, err := digest.Digest(challenge, digest.Options{
		Method: r.method, URI: strings.TrimSuffix(c.root.EscapedPath(), "/") + "/" + path, Count: 1,
		GetBody:  func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil },
		Username: c.cfg.Username, Password: c.cfg.Password, Cnonce: hex.EncodeToString(cnonce),
	})
	if err != nil {
		return "", err
	}
	return credentials.String(), nil
}
