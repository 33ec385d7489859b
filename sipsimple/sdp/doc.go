// Package sdp reads, writes and negotiates session descriptions (RFC 8866,
// RFC 3264). The data types are those of pion/sdp.
//
// [Parse] and [Marshal] are the octets' side. A received description may hold
// anything that the RFCs allow and much of what they do not: whatever its
// media, protocol or attributes, every m-line keeps its index, because the
// answer must have a line in the same place (RFC 3264 section 6).
//
// [Negotiation] is the offer/answer machine of one dialog, pure and without a
// clock: descriptions in, the active pair of descriptions out. Around it stand
// small functions about one m-line: [Direction] and the tables for hold,
// [Address], [Codecs], [AnswerLine], [RefusedLine].
//
// Nothing here is safe for concurrent use; descriptions that a function takes
// are not changed and not kept unless it says so.
package sdp
