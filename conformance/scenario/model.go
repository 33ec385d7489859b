// Package scenario reads scenario files: YAML in, checked and fully resolved
// cases out, every mistake with file, line and column.
package scenario

import (
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
)

// Case is one playable case of one file: variables replaced, parts inlined,
// conditions decided. Only `let` variables are left to the run.
type Case struct {
	File   string // path of the file
	ID     string // path below the scenario root without .yaml, such as set/SET-01
	Name   string // name of the case, "" when the file has just one
	Title  string // `name:` of the file
	Spec   []string
	Tags   []string
	Seed   uint64
	Skip   string   // reason
	Worlds []string // empty = all
	Faults string   // name of the quality of all links (see package play), "" = as the file says

	Parties []*Party
	Streams map[string]*StreamDef // by name
	Network []Step                // in force from the start
	DNS     []string              // zone lines; nil = there is no DNS server
	Watch   []string              // patterns, already expanded from words; see Watched
	Limit   time.Duration         // longest wait of a step
	Settle  time.Duration
	Budget  Budget
	Knobs   Knobs
	Steps   []Step
	Finally []AttributeCheck
	Files   map[string][]byte // what scripts send as it is, by the Arg of their steps; certificates
}

// Budget limits a run; zero = unlimited.
type Budget struct{ Virtual, Wall time.Duration }

// Knobs are variables that every call obeys.
type Knobs struct {
	Transport string        // udp
	Codec     string        // PCMU
	Latency   time.Duration // 10ms
	IP        int           // 4
	SRTP      string        // off
}

// Party is one participant.
type Party struct {
	Pos      match.Pos
	Name     string
	Plays    []float64             // Hz; empty = silence, or a file
	PlaysWAV string                // a name of Case.Files, in place of tones
	Watch    []string              // nil = the file's
	Manual   bool                  // start: manual
	Storage  *Storage              // nil = none is given
	Settings map[string]string     // dotted paths, such as sip.invite_timeout
	Account  map[string]string     // id, auth.username, auth.password …; nil = the default sip:NAME@NAME.test
	Accounts map[string]Settings   // several by name, instead of Account
	Streams  map[string]*StreamDef // other behaviour under a known name
	Host     string                // address, "" = next free
	Scripted bool
	Auto     []string
	Ignore   []string
	Roams    bool          // a host monitor, sockets at all addresses
	NAT      string        // kind of the router in front of it, "" = none
	TLS      *TLS          // nil = a good certificate, trust in the authority of the run
	Server   *Server       // nil = it is no server
	Devices  []SoundDevice // nil = one, of which the file does not speak
}

// TLS is what a party shows and whom it trusts.
type TLS struct {
	Certificate string // good, expired, wrong_name, self_signed, missing, or a name of Files
	CA          string // test, none, or a name of Files
}

// Server is a good server that a party is instead of an application.
type Server struct {
	Kind      string            // registrar, proxy, stun, msrp_relay, xcap
	Users     map[string]string // passwords
	Challenge int               // 401, 407; 0 = what fits the request
	Expires   time.Duration     // longest registration; 0 = an hour
	Shortest  time.Duration     // shorter ones are refused with 423; 0 = none
	GRUU      bool              // gives them
	Forks     map[string][]string
	Answers   map[string][]sipserver.Answer // by method; "*" = any other

	FixContacts bool // Contacts get the address that they come from
}

// Settings are dotted paths and their values; the members of a list are joined
// by ",".
type Settings map[string]string

// StreamDef is a named stream.
type StreamDef struct {
	Name      string
	Type      string // audio, chat, file-transfer, desktop-sharing
	Double    *Double
	Hold      *bool // a double supports hold
	Codecs    []string
	Direction string
	File      *File  // of a file transfer
	Role      string // of desktop sharing: viewer, server; "" = viewer
	Program   string // of desktop sharing, beside the application: running, absent; "" = within it
}

// File is what a file transfer is about.
type File struct {
	Random   bool   // made from the seed
	Size     int64  // of what is made
	Path     string // else a name of Case.Files
	Name     string // as told; "" = that of the stream, or the base of the path
	Type     string
	Announce string // size that is told, none; "" = the right one
	Hash     string // good ("" too), wrong, none, or the text itself
}

// Double dictates the behaviour of a stand-in stream.
type Double struct{ Initialize, Start Outcome }

// Outcome is what a double does when asked: after After it succeeds, fails
// with Fail, or never answers.
type Outcome struct {
	After time.Duration
	Fail  string
	Never bool
}

// Subject names a party, a session of it, a stream of that. Session is a label
// (the Session of a step) or the name of another party: the session with it.
type Subject struct {
	Party, Session, Stream string
}

// String is the subject as it is written: party#session/stream.
func (s Subject) String() string {
	text := s.Party
	if s.Session != "" {
		text += "#" + s.Session
	}
	if s.Stream != "" {
		text += "/" + s.Stream
	}
	return text
}

// FullName is the ID with the case name in brackets, such as call/basic[tcp,PCMU].
func (c *Case) FullName() string {
	if c.Name == "" {
		return c.ID
	}
	return c.ID + "[" + c.Name + "]"
}

// Step is one entry of the timeline.
type Step struct {
	Pos    match.Pos
	Source string // the verb as written, for messages

	As      string         // label of the instant, in full ("one.call" in a part that was run as one)
	Session string         // name of the session or dialog that the step makes or gets: what Subject.Session says; "" without `as`
	At      *match.Instant // do it then
	After   *match.Instant // not earlier; a time alone counts from the step before
	Before  *match.Instant
	Within  time.Duration // own limit, 0 = the file's
	For     time.Duration
	Never   bool // for: 0s, rate: 0%: a network verb that is not in force in this case
	Times   match.Range
	Error   match.Matcher // the call must fail like this

	Verb Verb
}

// Verb is one of the verb types below.
type Verb interface{ verb() }

type (
	// Call is an API call on sessions: call, ring, accept, reject, end …
	Call struct {
		Subjects []Subject // in `when`, one Subject of the party that posted, nothing else
		Name     string
		// Arg is the value of the call key: nil, a string (whom, code, text, a
		// stream name) or []string (streams; empty but not nil for []). Other
		// parameters are in Params: streams and routes []string, focus bool,
		// everything else string.
		Arg    any
		Params map[string]any
	}
	// Expect consumes.
	Expect struct {
		Views []View
		Wire  *Wire
	}
	// CheckNow looks at attributes (with Within: waits until true).
	CheckNow struct{ Checks []AttributeCheck }
	// Listen measures sound for a while.
	Listen struct {
		Duration, From time.Duration // From: settling skipped, default 200ms
		Sentences      []Sentence
	}
	// When arms calls in an observer.
	When struct {
		Party Subject
		Item  match.Item
		Do    []Step // Call and CheckNow steps without subjects
	}
	// Together does several calls at the same instant.
	Together struct{ Steps []Step }
	// RepeatSteps plays Rounds one after another (already resolved).
	RepeatSteps struct{ Rounds [][]Step }
	// Part is an inlined part. Its labels are unique in the case already:
	// "one.call" with `as: one`, else a name that nothing outside can write.
	Part struct {
		Name  string
		Scope string // label prefix, "" = invisible outside
		Steps []Step
	}
	// NetworkVerb is cut, drop, duplicate, corrupt, delay, loss, link, heal,
	// rebind, move.
	NetworkVerb struct {
		Name      string
		Party     string // of rebind and move
		Addr      string // move: the new address, "" = the next free one
		From, To  string // party names; "" = any
		Both      bool
		Message   string // METHOD, code, rtp, rtcp, stun, dns, any; "" where a link is meant
		By        time.Duration
		Rate      float64
		First     int
		Latency   time.Duration
		Jitter    time.Duration
		Bandwidth int
	}
	// Script is one message of a scripted party.
	Script struct {
		Party   string
		Stream  string         // name of an m-line: a message of its MSRP connection, or connect, close, reset, pause, resume
		Dialog  string         // label after #
		Name    string         // receive, respond, request, send
		Receive *match.Item    // for receive: fields as on the wire, Name empty
		Arg     string         // code, method, file
		Params  map[string]any // to, from, reason, headers (map), body, sdp (*SDPSpec or "none"/"same"/"answer"), like, branch, cseq, from_tag, to_tag, once, ruri, sipfrag, dialog
	}
)

func (*Call) verb()        {}
func (*Expect) verb()      {}
func (*CheckNow) verb()    {}
func (*Listen) verb()      {}
func (*When) verb()        {}
func (*Together) verb()    {}
func (*RepeatSteps) verb() {}
func (*Part) verb()        {}
func (*NetworkVerb) verb() {}
func (*Script) verb()      {}

// View is what is expected of one subject's log.
type View struct {
	Pos     match.Pos
	Subject Subject
	Items   []match.Item

	// No file says these: see package play.
	Half   Half
	NoTail bool // as in match.View
}

// Half is a part of the notifications of a subject, "" = all.
type Half string

// The halves.
const (
	OfSIP     Half = "SIP"
	OfStreams Half = "streams"
)

// String is the view as reports name it.
func (v View) String() string {
	if v.Half == "" {
		return v.Subject.String()
	}
	return v.Subject.String() + " (" + string(v.Half) + ")"
}

// Wire is what is expected on the network.
type Wire struct {
	Pos      match.Pos
	Order    []match.Item
	Only     []string  // methods, or "200 REFER"; empty = all
	Between  [2]string // a link, both directions; "" = all
	Protocol string    // sip (also when empty) or msrp, stun, dns
	Received bool
}

// AttributeCheck expects attributes of a subject.
type AttributeCheck struct {
	Pos     match.Pos
	Subject Subject
	Fields  map[string]match.Matcher
	Order   []string // keys of Fields in file order
}

// Sentence is `bob hears alice: {...}`.
type Sentence struct {
	Pos             match.Pos
	Hearer, Speaker string // Speaker "" = whatever arrives
	At, From        string // devices of the two; "" = the one that they have, or any
	BothWays        bool
	Silence         bool
	Fields          map[string]match.Matcher // tone, tones, snr, longest_gap, lost_frames, level, delay, dtmf
	Source          string
}

// SDPSpec is the description of a body to send. Texts in it and in the other
// parameters of a script may hold ${name} of a `let` variable, replaced when
// the message is sent.
type SDPSpec struct {
	Lines   []SDPLine
	Address string // c= line
	Origin  string
}

// SDPLine is one m-line.
type SDPLine struct {
	Name       string // stream name or type
	Value      string // direction, "0", "same", "mirror" when it is a plain scalar
	Direction  string
	Port       string
	Address    string
	Codecs     []string
	Protocol   string
	Formats    []string
	Media      string
	Attributes []string
}
