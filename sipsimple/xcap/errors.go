package xcap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
)

// Errors of the methods of a [Client].
var (
	// ErrChanged says that the document is not what the caller thinks: somebody
	// has changed, made or removed it (412).
	ErrChanged = errors.New("the document has been changed meanwhile")
	// ErrConflict says that the server cannot take the document; see
	// [ServerError.Conflict] (409).
	ErrConflict = errors.New("the document is in conflict with what the server has")
	// ErrTooLarge says that a document or an answer is larger than
	// [Config.Limit].
	ErrTooLarge = errors.New("the document is too large")
)

// ServerError is an answer of the server that is not a success. errors.Is knows
// [fs.ErrNotExist] (404), [fs.ErrPermission] (401 and 403), [ErrChanged] and
// [ErrConflict].
type ServerError struct {
	Method   string
	Document Document
	Code     int
	Reason   string
	Conflict string // of a 409: what is wrong, such as "no-parent" or "uniqueness-failure" (RFC 4825 section 11)
	Phrase   string // of a 409, for people; may be empty
}

// Error names the request and the answer.
func (e *ServerError) Error() string {
	text := fmt.Sprintf("%s %s: %d %s", e.Method, e.Document, e.Code, e.Reason)
	if e.Conflict != "" {
		text += ": " + e.Conflict
	}
	if e.Phrase != "" {
		text += fmt.Sprintf(" (%s)", e.Phrase)
	}
	return text
}

// Is compares with what a caller decides on.
func (e *ServerError) Is(target error) bool {
	switch e.Code {
	case 401, 403:
		return target == fs.ErrPermission
	case 404:
		return target == fs.ErrNotExist
	case 409:
		return target == ErrConflict
	case 412:
		return target == ErrChanged
	}
	return false
}

// conflict reads the body of a 409: the first element inside xcap-error.
func (e *ServerError) conflict(body []byte) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for inside := false; ; {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case inside:
			e.Conflict = start.Name.Local
			for _, a := range start.Attr {
				if a.Name.Local == "phrase" {
					e.Phrase = a.Value
				}
			}
			return
		case start.Name.Local != "xcap-error":
			return
		default:
			inside = true
		}
	}
}
