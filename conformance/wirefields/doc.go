// Package wirefields turns a SIP message into the fields that a scenario file
// matches: `alice > bob: {INVITE: {sdp: {audio: sendonly}, Subject: Tea}}`.
//
// A [Tracker] reads the messages of a run in the order in which they left their
// senders, each once or more often. It needs the order because some words speak
// of earlier messages: a line of an answer is `mirror` when it is the offer's
// reversed, a line of an offer is `same` when its sender said that before.
//
// The fields of a message, beside its headers under their full names:
//
//	method     INVITE; of a response that of its CSeq
//	code       486, responses only
//	reason     phrase of a response
//	ruri       Request-URI, requests only
//	cseq       number
//	call_id, from_tag, to_tag, branch, transport
//	dialog     the dialog id, equal to the Replaces value of either side
//	body       text
//	sipfrag    200, or the whole of a message/sipfrag body
//	sdp        [SDP]: its m-lines by name, lines, version, origin, address
//
// What a message does not have is not in the map. Headers are [Header], a list
// of them when there are several.
package wirefields
