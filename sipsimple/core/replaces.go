package core

import "strings"

// Replaces is the content of a Replaces header (RFC 3891) as its receiver sees
// it: LocalTag is the header's to-tag.
type Replaces struct {
	Dialog    DialogID
	EarlyOnly bool
}

// ParseReplaces reads a Replaces header value. A value without Call-ID or one
// of the tags is malformed.
func ParseReplaces(text string) (Replaces, bool) {
	parts := splitQuoted(text, ';')
	r := Replaces{Dialog: DialogID{
		CallID:    strings.TrimSpace(parts[0]),
		LocalTag:  parameter(parts[1:], "to-tag"),
		RemoteTag: parameter(parts[1:], "from-tag"),
	}}
	for _, p := range parts[1:] {
		if strings.EqualFold(strings.TrimSpace(p), "early-only") {
			r.EarlyOnly = true
		}
	}
	return r, r.Dialog.CallID != "" && r.Dialog.LocalTag != "" && r.Dialog.RemoteTag != ""
}

// String writes the header value that makes the peer of dialog id match it:
// to-tag is the receiver's tag, from-tag the other one.
func (r Replaces) String() string {
	text := r.Dialog.CallID + ";from-tag=" + r.Dialog.RemoteTag + ";to-tag=" + r.Dialog.LocalTag
	if r.EarlyOnly {
		text += ";early-only"
	}
	return text
}

// noTag is the tag that stands for none (RFC 3891 section 3).
const noTag = "0"

// replaced finds the dialog that a Replaces header names. A tag of 0 also
// matches a peer that has none.
func (t *table) replaced(id DialogID) *entry {
	if found := t.dialogs[id]; found != nil || id.RemoteTag != noTag {
		return found
	}
	id.RemoteTag = ""
	return t.dialogs[id]
}

// wasDialog tells whether a dialog stood a short time ago.
func (t *table) wasDialog(id DialogID) bool { return t.ended.has(id) }
