package configuration

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// Errors that mean a call at the wrong time.
var (
	ErrNotStarted = errors.New("the configuration has not been loaded")
	ErrStarted    = errors.New("the configuration has been loaded before")
	ErrFixedID    = errors.New("an object with a fixed id cannot be deleted or renamed")
)

// NotFoundError says that nothing is stored at a path.
type NotFoundError struct{ Path []string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("the configuration has no object %s", strings.Join(e.Path, "."))
}

// DuplicateIDError says that there is an object with that id already.
type DuplicateIDError struct{ Path []string }

func (e *DuplicateIDError) Error() string {
	return fmt.Sprintf("the configuration has an object %s already", strings.Join(e.Path, "."))
}

// ValueError says that a setting does not accept a value: one from the store, or
// one that was assigned. Passwords are not in it.
type ValueError struct {
	Place    storage.Place // where in a file; zero for an assignment and where there is no file
	Setting  string        // dotted path with the object, such as SIPSimpleSettings.sip.udp_port
	Found    string        // such as `"70000"`
	Expected string        // such as "a port, 0 to 65535"
}

func (e *ValueError) Error() string {
	at := ""
	if e.Place.File != "" {
		at = fmt.Sprintf("%s:%d:%d: ", e.Place.File, e.Place.Line, e.Place.Column)
	}
	return fmt.Sprintf("%s%s: found %s; expected %s", at, e.Setting, e.Found, e.Expected)
}

// shown is what an error says it found: the value, shortened, and without the
// password that a URI may hold.
func shown(leaf any, secret bool) string {
	switch v := leaf.(type) {
	case nil:
		return "nothing"
	case storage.Tree:
		return "a group of settings"
	case []string:
		if secret {
			return "a list"
		}
		return "[" + shortened(strings.Join(v, ", ")) + "]"
	case string:
		if secret {
			return hidden
		}
		return `"` + shortened(v) + `"`
	}
	return fmt.Sprintf("a %T", leaf)
}

func shortened(text string) string {
	const limit = 60
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		begin := 0
		for _, scheme := range []string{"sip:", "sips:", "http:", "https:"} {
			if strings.HasPrefix(strings.ToLower(text), scheme) {
				begin = len(scheme)
			}
		}
		if colon := strings.IndexByte(text[begin:at], ':'); colon >= 0 {
			text = text[:begin+colon+1] + hidden + text[at:]
		}
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, text)
	if utf8.RuneCountInString(text) > limit {
		text = string([]rune(text)[:limit]) + "…"
	}
	return text
}

// kindOf is what stands where a group is expected, without its text: that may be
// a password in the wrong place.
func kindOf(stored any) string {
	if _, list := stored.([]string); list {
		return "a list"
	}
	return "a text"
}
