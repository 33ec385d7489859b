package configuration

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// hidden is what stands where a secret would.
const hidden = "(hidden)"

// Secret is a password. It shows itself to nobody who does not call
// [Secret.Reveal]: printing, logging and encoding give "(hidden)". Two secrets
// are == when their texts are; the zero Secret is the empty text.
type Secret struct {
	// text is behind a pointer: who prints a struct that holds a Secret in a
	// field without a name for others sees an address.
	text unique.Handle[string]
}

// NewSecret hides text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal is the text.
func (s Secret) Reveal() string {
	if s.IsEmpty() {
		return ""
	}
	return s.text.Value()
}

// IsEmpty says that the text is empty: there is no password.
func (s Secret) IsEmpty() bool { return s == Secret{} }

// String is "(hidden)", and "" for an empty secret.
func (s Secret) String() string {
	if s.IsEmpty() {
		return ""
	}
	return hidden
}

// Format writes [Secret.String], whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText gives [Secret.String] to encoding/json and its like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is what log/slog shows.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
