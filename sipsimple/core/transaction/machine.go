package transaction

import "time"

// machine is one of the four state machines. step never blocks, keeps no
// reference to messages and touches nothing outside: the shell does what the
// outputs say, in their order.
type machine interface {
	step(in input, out []output) []output
	current() state
}

// state is a state of the figures 5 to 8 of RFC 3261, with Accepted of RFC 6026.
type state uint8

const (
	idle state = iota
	calling
	trying
	proceeding
	accepted
	completed
	confirmed
	terminated
)

// String is the name in the figures.
func (s state) String() string {
	return [...]string{"Idle", "Calling", "Trying", "Proceeding", "Accepted", "Completed", "Confirmed", "Terminated"}[s]
}

// inputKind says what happened.
type inputKind uint8

const (
	inStart          inputKind = iota // the transaction was made
	inMessage                         // client: a response; server: the request again
	inAck                             // INVITE server: ACK
	inRespond                         // server: the user answers
	inTimer                           // a timer fired
	inTransportError                  // something could not be sent
)

// input is one thing that happened to a machine.
type input struct {
	kind  inputKind
	code  int   // status of inMessage at a client, of inRespond
	timer timer // of inTimer
}

// outputKind says what is to be done.
type outputKind uint8

const (
	outSend           outputKind = iota // client: the request; server: the last response
	outSendTrying                       // INVITE server: 100 Trying of its own making
	outAck                              // INVITE client: the ACK of the response at hand
	outStart                            // start (or start again) a timer
	outStop                             // stop a timer
	outTerminate                        // forget the transaction; all its timers stop
	outDeliver                          // the message at hand goes to the user
	outTimeout                          // tell the user that no answer came
	outTransportError                   // tell the user that sending failed
	outAckTimeout                       // tell the user that no ACK came
)

// output is one thing to do.
type output struct {
	kind  outputKind
	timer timer
	after time.Duration
}

func start(t timer, after time.Duration) output { return output{outStart, t, after} }
func stop(t timer) output                       { return output{kind: outStop, timer: t} }
func do(k outputKind) output                    { return output{kind: k} }

// linger starts the timer that absorbs repetitions in an ended transaction;
// over a reliable transport there are none and the transaction is forgotten.
func linger(out []output, t timer, after time.Duration, reliable bool) []output {
	if reliable {
		return append(out, do(outTerminate))
	}
	return append(out, start(t, after))
}
