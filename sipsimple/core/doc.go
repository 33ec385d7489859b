// Package core is the SIP stack below the session: the Engine with its
// sockets, the INVITE dialogs (RFC 3261), reliable provisional responses (RFC
// 3262), digest authentication (RFC 8760) and what a user agent answers by
// itself.
//
// Start with NewEngine. A call to somebody is an Invitation made by
// Engine.NewInvitation and sent by Invitation.Invite; a call from somebody is
// an Invitation handed to Config.OnInvite, which takes it with Attach or
// refuses it with Reject. From then on an Invitation is driven by its methods
// and reports by the events of events.go. Engine.Close ends everything.
//
// Outside dialogs, Engine.Request sends a REGISTER, OPTIONS, MESSAGE or PUBLISH
// and reports its outcome, and Engine.Subscribe keeps a subscription alive (RFC
// 6665), or the one that a REFER makes. A MESSAGE that comes goes to
// Config.OnMessage.
//
// What panics while something is handled fails the call, subscription or
// request in whose name it ran, and nothing else (guard.go).
//
// Everything of one engine happens on one mailbox, one thing after another:
// the state of dialogs and transactions needs no lock. Everything of one
// invitation that the caller sees (methods, events, getters) happens on the
// caller's Executor. Between the two only functions are posted, so neither
// ever waits for the other, and messages of one dialog are applied in the
// order in which they arrived.
package core
