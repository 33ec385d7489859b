package play

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/wirefields"
)

// Entry is one line of the log of a run: a notification or a message.
type Entry struct {
	At    time.Duration
	Party string // that posted or sent
	// Event is the notification; for a message its name is "alice > bob".
	Event   match.Event
	Message *Message // nil for a notification
	Session string   // name of the session that posted, "" if none did
	Watched bool
}

// logged is a notification in the log under construction.
type logged struct {
	at        time.Duration
	rank, seq int
	actor     int
	record    *record
	party     *party
}

func (w *world) note(p *party, r *record) {
	w.log = append(w.log, logged{at: r.event.At, rank: w.rank(p.def.Name), seq: len(w.log), actor: actorOf(r.event.Name), record: r, party: p})
}

// actorOf tells who in a party posts a notification: what sockets and MSRP
// connections tell in one instant comes behind the rest, because which of them
// is first is left to chance.
func actorOf(name string) int {
	switch {
	case name == "MSRPTransportTrace":
		return 3
	case name == "SIPEngineSIPTrace":
		return 2
	case strings.HasPrefix(name, "ChatStream"), strings.HasPrefix(name, "FileTransferStream"), strings.HasPrefix(name, "DesktopSharing"):
		return 1
	}
	return 0
}

// entries is the whole log in its canonical order: by time, then by party, then
// by who in it, then in the order of each one's own doing.
func (w *world) entries() []Entry {
	w.wire.readAll()
	lines := slices.Clone(w.log)
	messages := map[int]*Message{}
	for _, m := range w.wire.messages {
		messages[len(lines)] = m
		lines = append(lines, logged{at: m.Event.At, rank: w.rank(m.From), seq: len(lines)})
	}
	slices.SortStableFunc(lines, byTime)
	entries := make([]Entry, 0, len(lines))
	for _, l := range lines {
		if m := messages[l.seq]; m != nil {
			entries = append(entries, Entry{At: l.at, Party: m.From, Event: m.Event, Message: m})
			continue
		}
		if l.record == nil || l.at < 0 {
			continue
		}
		e := Entry{At: l.at, Party: l.party.def.Name, Event: l.record.event, Watched: l.record.watched}
		if l.record.session != nil {
			e.Session = sessionName{l.record.session}.Names()[0]
		}
		entries = append(entries, e)
	}
	return entries
}

// line is an entry as JSON: one object a line, keys in this order.
type line struct {
	Time    string         `json:"t"`
	Party   string         `json:"party,omitempty"`
	Session string         `json:"session,omitempty"`
	Name    string         `json:"notification,omitempty"`
	Fields  map[string]any `json:"fields,omitempty"`
	Wire    string         `json:"wire,omitempty"`
	Message string         `json:"message,omitempty"`
	Over    string         `json:"transport,omitempty"`
	Lost    bool           `json:"lost,omitempty"`
	Copy    bool           `json:"copy,omitempty"`
	Octets  string         `json:"octets,omitempty"`
	Base64  []byte         `json:"base64,omitempty"` // instead, when the octets are no UTF-8
}

// WriteLog writes the log of a run as ndjson, the same bytes for the same seed.
// Secrets in it (passwords, keys, answers to challenges) are replaced by *.
func WriteLog(out io.Writer, entries []Entry) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, e := range entries {
		l := line{Time: e.At.String()}
		if m := e.Message; m != nil {
			l.Wire, l.Message, l.Over = e.Event.Name, e.Event.Text, m.Transport
			l.Lost, l.Copy = e.Event.Lost, e.Event.Copy
			if utf8.Valid(m.Data) {
				l.Octets = string(redacted(m.Data))
			} else {
				l.Base64 = m.Data
			}
		} else {
			l.Party, l.Session, l.Name, l.Fields = e.Party, e.Session, e.Event.Name, plain(e.Event.Fields)
		}
		if err := encoder.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

// digest is the SHA-256 of a log as WriteLog writes it.
func digest(entries []Entry) string {
	h := sha256.New()
	if err := WriteLog(h, entries); err != nil {
		return "" // of a value that JSON does not have: writing the log will say so
	}
	return hex.EncodeToString(h.Sum(nil))
}

// plain turns the values of fields into what JSON has.
func plain(fields map[string]any) map[string]any {
	result := map[string]any{}
	for name, v := range fields {
		switch v := v.(type) {
		case string:
			result[name] = string(redacted([]byte(v)))
		case nil, bool, int, float64:
			result[name] = v
		case []any:
			list := make([]string, len(v))
			for i, member := range v {
				list[i] = string(redacted([]byte(match.Format(member))))
			}
			result[name] = list
		default:
			result[name] = string(redacted([]byte(match.Format(v))))
		}
	}
	return result
}

// SDPOf is the session description of a message in words, "" if it has none.
func (m *Message) SDPOf() string {
	if d, ok := m.Event.Fields["sdp"].(wirefields.SDP); ok {
		return d.String()
	}
	return ""
}
