package scenario

import (
	"maps"
	"slices"
)

// This file holds the words of the language. The schema and the linter read
// the same tables.

// argument is what a call takes as its value.
type argument int

const (
	noArgument argument = iota
	whomArgument
	codeArgument
	streamsArgument
	streamArgument
	textArgument
	mapArgument
)

// callSpec describes one call.
type callSpec struct {
	arg      argument
	optional bool // the argument may be left out
	params   []string
	stream   bool   // made on a stream, not on a session
	makes    bool   // makes a session: `as` names it
	about    string // for the schema
}

// calls are the API calls of sessions, streams and applications.
var calls = map[string]callSpec{
	"new":                {makes: true, about: "makes a session in the null state; name it with as"},
	"call":               {arg: whomArgument, params: []string{"streams", "routes", "account", "subject", "focus"}, makes: true, about: "makes a session and connects it to whom: a party, contact of bob, a URI"},
	"ring":               {about: "sends a ring indication (180); waits for an incoming session"},
	"accept":             {arg: streamsArgument, optional: true, params: []string{"focus"}, about: "accepts an incoming session with these streams, or with all that were proposed"},
	"reject":             {arg: codeArgument, optional: true, params: []string{"reason"}, about: "refuses an incoming session, with 603 unless a code is given"},
	"end":                {about: "ends the session; never waits"},
	"hold":               {about: "puts the session on hold; never waits"},
	"unhold":             {about: "releases the session from hold; never waits"},
	"add_stream":         {arg: streamArgument, about: "proposes one more stream"},
	"remove_stream":      {arg: streamArgument, about: "removes a stream"},
	"accept_proposal":    {arg: streamsArgument, optional: true, about: "accepts proposed streams"},
	"reject_proposal":    {arg: codeArgument, optional: true, params: []string{"reason"}, about: "refuses proposed streams"},
	"cancel_proposal":    {about: "withdraws our own proposal"},
	"transfer":           {arg: whomArgument, params: []string{"replacing"}, about: "transfers the peer to whom"},
	"accept_transfer":    {makes: true, about: "accepts a transfer request"},
	"reject_transfer":    {arg: codeArgument, optional: true, params: []string{"reason"}, about: "refuses a transfer request"},
	"add_participant":    {arg: textArgument, about: "invites a URI to the conference"},
	"remove_participant": {arg: textArgument, about: "removes a URI from the conference"},
	"start":              {about: "starts the application of the party"},
	"stop":               {about: "stops the application of the party"},
	"set":                {arg: mapArgument, about: "changes settings of the running application"},
	"post":               {arg: textArgument, stream: true, about: "lets a double post a notification out of turn"},
	"fail":               {arg: textArgument, stream: true, about: "lets a double fail with this reason"},
	"send":               {arg: textArgument, params: []string{"type"}, stream: true, about: "sends a text on a chat stream"},
	"dtmf":               {arg: textArgument, stream: true, about: "sends digits"},
	"record":             {arg: textArgument, stream: true, about: "records into a file"},
	"stop_recording":     {stream: true, about: "ends the recording"},
	"mute":               {stream: true, about: "mutes the stream"},
	"unmute":             {stream: true, about: "unmutes the stream"},
}

// scriptSpec describes one message verb of a scripted party.
type scriptSpec struct {
	params []string
	about  string
}

var scripts = map[string]scriptSpec{
	"receive": {params: []string{"to", "from"}, about: "waits for a message; its fields as in wire"},
	"respond": {params: []string{"to", "reason", "sdp", "headers", "body", "sipfrag", "to_tag", "once"},
		about: "answers the last request without an answer, or the one of to"},
	"request": {params: []string{"to", "ruri", "sdp", "headers", "body", "sipfrag", "dialog", "like", "branch", "cseq",
		"from_tag", "to_tag", "once"}, about: "sends a request, with the next CSeq of the dialog"},
	"send": {params: []string{"to"}, about: "sends the bytes of a file as they are"},
}

// smallKeys may stand beside a verb.
var smallKeys = map[string]string{
	"as":     "names the instant, and the session or dialog that the step makes",
	"at":     "when to do it: LABEL + TIME",
	"after":  "not earlier; a time alone counts from the step before",
	"before": "not later",
	"within": "own limit of the step",
	"for":    "stays open, or in force, that long",
	"times":  "how often; of a fault, exactly how many hits",
	"if":     "only in cases where this holds: $v, $v = x, $v != x",
	"error":  "the call must fail like this: illegal_state, argument, illegal_direction, already_used, any, /text/",
}

// networkVerbs and the keys that may stand beside each.
var networkVerbs = map[string][]string{
	"cut":       {"first"},
	"drop":      {"first"},
	"duplicate": {"first", "rate"},
	"corrupt":   {"first", "rate"},
	"delay":     {"first", "by", "rate"},
	"loss":      {"first", "rate"},
	"link":      {"latency", "jitter", "bandwidth"},
	"heal":      nil,
	"rebind":    nil,
	"move":      {"to"},
}

// otherVerbs are verbs that are neither a subject nor of the network.
var otherVerbs = map[string]string{
	"expect":   "exact sequences of notifications and messages",
	"check":    "attributes, now",
	"listen":   "measures sound for this long",
	"when":     "arms the calls of do in an observer",
	"together": "several calls at the same instant",
	"repeat":   "the steps again",
	"run":      "plays a part",
}

// verbExtras are keys beside a verb that are neither small keys nor sentences.
var verbExtras = map[string][]string{
	"listen": {"from"},
	"when":   {"do"},
	"repeat": {"with"},
	"run":    {"with"},
}

var (
	topLevelKeys = []string{"callflow", "name", "about", "spec", "tags", "include", "part", "params", "parties", "streams",
		"vars", "matrix", "cases", "except", "network", "dns", "watch", "limit", "settle", "budget", "seed", "worlds",
		"skip", "steps", "finally"}
	partyKeys = []string{"plays", "watch", "start", "settings", "account", "accounts", "streams", "nat", "tls", "storage",
		"devices", "host", "scripted", "auto", "ignore", "server", "users", "challenge", "expires", "forks", "answers"}
	streamKeys  = []string{"type", "double", "hold", "file", "direction", "codecs"}
	streamTypes = []string{"audio", "chat", "file-transfer", "desktop-sharing"}
	worlds      = []string{"sim", "loopback", "device"}
	methods     = []string{"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "PRACK", "UPDATE", "REFER", "NOTIFY", "SUBSCRIBE",
		"MESSAGE", "INFO", "REGISTER", "PUBLISH"}
	directions  = []string{"sendrecv", "sendonly", "recvonly", "inactive"}
	errorWords  = []string{"illegal_state", "illegal_direction", "argument", "already_used", "any"}
	settingKeys = []string{"sip.invite_timeout", "rtp.timeout", "rtp.port_range", "rtp.audio_codec_list", "user_agent"}
	accountKeys = []string{"id", "display_name", "contact_user", "enabled", "auth.username", "auth.password", "sip.register"}

	messageFields = []string{"sdp", "cseq", "call_id", "from_tag", "to_tag", "branch", "ruri", "reason", "body", "sipfrag",
		"dialog", "transport", "method", "code"}
	sdpFields  = []string{"lines", "version", "origin", "address"}
	lineFields = []string{"direction", "port", "address", "codecs", "protocol", "formats", "media", "attributes"}
	wireKeys   = []string{"order", "only", "between", "protocol", "received"}
	soundKeys  = []string{"tone", "tones", "snr", "longest_gap", "lost_frames", "level", "delay", "dtmf"}
	groupKinds = []string{"any_order", "one_of", "repeat", "optional", "never"}
	itemKeys   = []string{"as", "at", "after", "before", "times", "if", "of", "has"}

	sessionAttributes = []string{"state", "account", "direction", "transport", "start_time", "stop_time", "on_hold",
		"remote_user_agent", "local_identity", "remote_identity", "streams", "proposed_streams", "conference", "subject",
		"replaced_session", "transfer_handler", "transfer_info", "local_focus", "remote_focus"}
	partyAttributes  = []string{"sessions", "running", "local_nat_type", "storage", "account.registered", "default_account"}
	streamAttributes = []string{"type", "state", "index", "hold_supported", "on_hold", "on_hold_by_local",
		"on_hold_by_remote", "received", "recording", "codec", "sample_rate", "srtp_active", "ice_active", "muted",
		"recording_active", "direction", "local_rtp_address", "local_rtp_port", "remote_rtp_address", "remote_rtp_port"}
)

// names lists the words of a table.
func names[V any](table map[string]V) []string { return slices.Sorted(maps.Keys(table)) }

// hears is how the sentence "bob hears alice" reads.
const hears = " hears "
