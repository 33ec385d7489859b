// Package script is the scripted party of a scenario: a SIP endpoint without
// any middleware that receives and sends exactly what the file says.
//
// A [Party] lives on a host of its own. What arrives waits until a step
// receives it, in the order of its arrival; [Party.Unread] is what no step ever
// did. [Party.Do] plays one step and waits where the step waits, [Party.Try]
// does what can be done at once, for a player that has a clock of its own.
//
// Done without the script: Via, branch, tags, CSeq, Route, Contact and lengths;
// the repetition of requests (RFC 3261 17.1), of final answers to an INVITE
// (17.2.1, 13.3.1.4) and of reliable provisional ones (RFC 3262); repetitions
// that arrive are answered with the last answer and not offered to the script;
// the ACK of a refusal, either way; methods that the party answers with 200 by
// itself, and methods that it never reads. Everything else is written in the
// file, the ACK of a 2xx too.
package script
