package transaction

import "time"

// Timer values of RFC 3261 section 17.1.1.1. They are constants on purpose:
// tests use virtual time.
const (
	T1 = 500 * time.Millisecond // estimate of the round trip
	T2 = 4 * time.Second        // longest interval between repetitions
	T4 = 5 * time.Second        // how long a message stays in the network

	// Lifetime is 64*T1: the time a request may stay without an answer, and an
	// answer without its ACK.
	Lifetime = 64 * T1
	// TryingDelay is how long an INVITE may stay unanswered before 100 Trying
	// is sent (RFC 3261 section 17.2.1).
	TryingDelay = 200 * time.Millisecond
)

// timer is one of the timers of RFC 3261 table 4 and RFC 6026.
type timer uint8

const (
	timerA      timer = iota // INVITE client: repeat the request
	timerB                   // INVITE client: give up
	timerD                   // INVITE client: wait for repeated refusals
	timerE                   // client: repeat the request
	timerF                   // client: give up
	timerG                   // INVITE server: repeat the refusal
	timerH                   // INVITE server: give up waiting for ACK
	timerI                   // INVITE server: wait for repeated ACKs
	timerJ                   // server: wait for repeated requests
	timerK                   // client: wait for repeated responses
	timerL                   // INVITE server: wait for repeated INVITEs after a 2xx
	timerM                   // INVITE client: wait for further 2xx
	timerTrying              // INVITE server: 100 Trying
	timerCount
)

// String is the letter of the timer in RFC 3261.
func (t timer) String() string {
	if t == timerTrying {
		return "Trying"
	}
	return string("ABDEFGHIJKLM"[t])
}
