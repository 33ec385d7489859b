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
	app      bool   // made on the application
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
	"start":              {app: true, about: "starts the application of the party"},
	"stop":               {app: true, about: "stops the application of the party"},
	"set":                {arg: mapArgument, app: true, about: "changes settings of the running application"},
	"publish":            {arg: textArgument, params: []string{"type", "size"}, app: true, about: "publishes this presence document in the name of the default account"},
	"unpublish":          {app: true, about: "removes what was published"},
	"plug":               {arg: textArgument, app: true, about: "plugs in a sound device of the party"},
	"unplug":             {arg: textArgument, app: true, about: "unplugs a sound device of the party"},
	"prefer":             {arg: textArgument, app: true, about: "makes a sound device the one that the system prefers"},
	"play":               {arg: textArgument, params: []string{"on", "loops", "pause", "volume"}, app: true, about: "plays a WAV file on a bridge of the application"},
	"stop_playing":       {app: true, about: "stops what is played"},
	"adjust":             {arg: mapArgument, app: true, about: "volume and mute of the mixers and devices of the application"},
	"post":               {arg: textArgument, about: "lets a double post a notification out of turn; without a stream what the program itself posts, such as SystemDidWakeUpFromSleep"},
	"fail":               {arg: textArgument, stream: true, about: "lets a double fail with this reason"},
	"send":               {arg: textArgument, params: []string{"type", "size", "early", "to", "subject"}, stream: true, about: "sends a text on a chat or desktop sharing stream that has started"},
	"composing":          {arg: textArgument, params: []string{"refresh"}, stream: true, about: "tells on a chat stream that the user is writing (active), or no longer (idle)"},
	"cancel":             {stream: true, about: "gives a file transfer up, as its sender or its receiver"},
	"pause":              {stream: true, about: "stops the VNC program of a desktop sharing stream from reading"},
	"resume":             {stream: true, about: "lets that program read on"},
	"quit":               {stream: true, about: "ends that program"},
	"save":               {arg: textArgument, optional: true, stream: true, about: "has the incoming file saved in a folder of the run, instead of only looked at; before it is accepted"},
	"dtmf":               {arg: textArgument, stream: true, about: "sends digits"},
	"record":             {arg: textArgument, stream: true, about: "records into a file"},
	"stop_recording":     {stream: true, about: "ends the recording"},
	"mute":               {stream: true, about: "keeps the peer's sound from us"},
	"unmute":             {stream: true, about: "lets the peer's sound through again"},
}

// OfApplication tells whether a call is made on the application of a party, and
// at once.
func OfApplication(call string) bool { return calls[call].app }

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

// networkAbout says what each network verb and each key beside them means.
var networkAbout = map[string]string{
	"cut":       "nothing gets through on the link: A > B, A <-> B or any",
	"drop":      "the message is lost: {alice > bob: ACK}",
	"duplicate": "the message arrives twice",
	"corrupt":   "the message arrives damaged",
	"delay":     "the message arrives later, by this much",
	"loss":      "this share of the messages is lost, by the seed: {a <-> b: rtp}",
	"link":      "latency, jitter or bandwidth of the link",
	"heal":      "faults off, on a link or all",
	"rebind":    "a new NAT mapping for the party",
	"move":      "a new address for the party",
	"first":     "only the first so many messages",
	"by":        "how much later",
	"rate":      "a share such as 2%",
	"latency":   "one-way delay",
	"jitter":    "random delay on top, up to this",
	"bandwidth": "bytes a second",
	"to":        "the new address",
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

// extraAbout says what the keys beside other verbs mean.
var extraAbout = map[string]string{
	"from": "how much at the beginning is not measured; 200ms unless said",
	"do":   "the calls that the observer makes, at once and on the session that posted",
	"with": "parameters of the part; of a repeat, a list of maps, one for each round",
}

// verbExtras are keys beside a verb that are neither small keys nor sentences.
var verbExtras = map[string][]string{
	"listen": {"from"},
	"when":   {"do"},
	"repeat": {"with"},
	"run":    {"with"},
}

// names lists the words of a table.
func names[V any](table map[string]V) []string { return slices.Sorted(maps.Keys(table)) }

// hears is how the sentence "bob hears alice" reads.
const hears = " hears "
