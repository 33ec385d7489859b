package play

import (
	"bytes"
	"regexp"
)

// secrets are what logs of a run do not tell (RFC 4568 section 6.1 keys, RFC 8445
// passwords, RFC 7616 answers, and passwords in URIs): what stands in the second
// group.
var secrets = []struct {
	hint   []byte // there is none where this is not
	secret *regexp.Regexp
}{
	{[]byte("inline:"), regexp.MustCompile(`(inline:)([A-Za-z0-9+/=]+)`)},
	{[]byte("ice-pwd:"), regexp.MustCompile(`(ice-pwd:)([A-Za-z0-9+/]+)`)},
	{[]byte("Digest "), regexp.MustCompile(`(\b(?:response|cnonce)=")([^"]*)`)},
	{[]byte("@"), regexp.MustCompile(`(\bsips?:[^\s:@;<>]+:)([^\s:@;<>]+)@`)},
}

// redacted is a text without secrets: in place of each there is one asterisk.
func redacted(text []byte) []byte {
	for _, s := range secrets {
		if bytes.Contains(text, s.hint) {
			text = s.secret.ReplaceAllFunc(text, func(found []byte) []byte {
				m := s.secret.FindSubmatch(found)
				rest := found[len(m[1])+len(m[2]):]
				return bytes.Join([][]byte{m[1], []byte("*"), rest}, nil)
			})
		}
	}
	return text
}
