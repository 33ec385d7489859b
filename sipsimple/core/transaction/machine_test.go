package transaction

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// script is one life of a machine. Each line is "input: outputs | state". Inputs
// are start, a status that came, "again", "ack", "say" and a status for what the
// user sends, a timer's letter, "error".
type script struct {
	name     string
	make     func(reliable bool) machine
	reliable bool
	lines    string
}

func inviteClientMachine(r bool) machine { return &inviteClient{reliable: r} }
func clientMachine(r bool) machine       { return &nonInviteClient{reliable: r} }
func inviteServerMachine(r bool) machine { return &inviteServer{reliable: r} }
func serverMachine(r bool) machine       { return &nonInviteServer{reliable: r} }

var scripts = []script{
	{"INVITE client without any answer", inviteClientMachine, false, `
		start: start A 500ms, start B 32s, send | Calling
		A: start A 1s, send | Calling
		A: start A 2s, send | Calling
		A: start A 4s, send | Calling
		A: start A 8s, send | Calling
		B: terminate, timeout | Terminated
		180: | Terminated`},
	{"INVITE client over TCP does not repeat", inviteClientMachine, true, `
		start: start B 32s, send | Calling
		B: terminate, timeout | Terminated`},
	{"INVITE client: ringing, answer, second fork", inviteClientMachine, false, `
		start: start A 500ms, start B 32s, send | Calling
		100: stop A, stop B, deliver | Proceeding
		A: | Proceeding
		B: | Proceeding
		180: deliver | Proceeding
		200: start M 32s, deliver | Accepted
		200: deliver | Accepted
		180: | Accepted
		486: | Accepted
		error: | Accepted
		M: terminate | Terminated
		200: | Terminated`},
	{"INVITE client refused: every copy is acknowledged, told once", inviteClientMachine, false, `
		start: start A 500ms, start B 32s, send | Calling
		486: stop A, stop B, ack, start D 32s, deliver | Completed
		486: ack | Completed
		603: ack | Completed
		200: | Completed
		180: | Completed
		D: terminate | Terminated
		486: | Terminated`},
	{"INVITE client refused over TCP ends at once", inviteClientMachine, true, `
		start: start B 32s, send | Calling
		180: stop A, stop B, deliver | Proceeding
		486: ack, terminate, deliver | Terminated`},
	{"INVITE client that cannot send", inviteClientMachine, false, `
		start: start A 500ms, start B 32s, send | Calling
		error: terminate, transport error | Terminated
		error: | Terminated`},
	{"INVITE client that cannot send its ACK", inviteClientMachine, false, `
		start: start A 500ms, start B 32s, send | Calling
		500: stop A, stop B, ack, start D 32s, deliver | Completed
		error: terminate | Terminated`},
	{"client without any answer", clientMachine, false, `
		start: start E 500ms, start F 32s, send | Trying
		E: start E 1s, send | Trying
		E: start E 2s, send | Trying
		E: start E 4s, send | Trying
		E: start E 4s, send | Trying
		F: terminate, timeout | Terminated`},
	{"client: provisional slows down, final ends", clientMachine, false, `
		start: start E 500ms, start F 32s, send | Trying
		100: deliver | Proceeding
		E: start E 4s, send | Proceeding
		200: stop E, stop F, start K 5s, deliver | Completed
		200: | Completed
		E: | Completed
		F: | Completed
		error: | Completed
		K: terminate | Terminated`},
	{"client: provisional and then nothing", clientMachine, false, `
		start: start E 500ms, start F 32s, send | Trying
		100: deliver | Proceeding
		F: terminate, timeout | Terminated`},
	{"client over TCP", clientMachine, true, `
		start: start F 32s, send | Trying
		200: stop E, stop F, terminate, deliver | Terminated`},
	{"client that cannot send", clientMachine, true, `
		start: start F 32s, send | Trying
		error: terminate, transport error | Terminated`},
	{"INVITE server accepts", inviteServerMachine, false, `
		start: start Trying 200ms, deliver | Proceeding
		again: stop Trying, send trying | Proceeding
		say 180: send | Proceeding
		again: send | Proceeding
		say 200: start L 32s, send | Accepted
		again: | Accepted
		say 200: send | Accepted
		say 486: | Accepted
		ack: deliver | Accepted
		L: terminate | Terminated`},
	{"INVITE server: 100 Trying by itself, once", inviteServerMachine, false, `
		start: start Trying 200ms, deliver | Proceeding
		Trying: send trying | Proceeding
		Trying: | Proceeding
		again: send | Proceeding
		say 180: send | Proceeding`},
	{"INVITE server: no 100 Trying after an answer", inviteServerMachine, false, `
		start: start Trying 200ms, deliver | Proceeding
		say 180: stop Trying, send | Proceeding
		Trying: | Proceeding`},
	{"INVITE server refuses and repeats until ACK", inviteServerMachine, false, `
		start: start Trying 200ms, deliver | Proceeding
		ack: | Proceeding
		say 486: stop Trying, start G 500ms, start H 32s, send | Completed
		G: start G 1s, send | Completed
		G: start G 2s, send | Completed
		G: start G 4s, send | Completed
		G: start G 4s, send | Completed
		again: send | Completed
		say 200: | Completed
		error: | Completed
		ack: stop G, stop H, start I 5s, deliver | Confirmed
		ack: | Confirmed
		again: | Confirmed
		G: | Confirmed
		I: terminate | Terminated`},
	{"INVITE server refuses and nobody acknowledges", inviteServerMachine, false, `
		start: start Trying 200ms, deliver | Proceeding
		say 603: stop Trying, start G 500ms, start H 32s, send | Completed
		H: terminate, ACK timeout | Terminated`},
	{"INVITE server refuses over TCP", inviteServerMachine, true, `
		start: start Trying 200ms, deliver | Proceeding
		say 486: stop Trying, start H 32s, send | Completed
		ack: stop G, stop H, terminate, deliver | Terminated`},
	{"server", serverMachine, false, `
		start: deliver | Trying
		again: | Trying
		say 183: send | Proceeding
		again: send | Proceeding
		say 200: send, start J 32s | Completed
		again: send | Completed
		say 500: | Completed
		J: terminate | Terminated`},
	{"server over TCP", serverMachine, true, `
		start: deliver | Trying
		say 200: send, terminate | Terminated`},
}

func TestMachines(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) {
			m := s.make(s.reliable)
			for line := range strings.SplitSeq(strings.TrimSpace(s.lines), "\n") {
				text, want, _ := strings.Cut(strings.TrimSpace(line), ":")
				got := describe(m.step(parseInput(t, text), nil)) + "| " + m.current().String()
				if got != strings.TrimSpace(want) {
					t.Fatalf("after %q: got %q, want %q", text, got, strings.TrimSpace(want))
				}
			}
		})
	}
}

func parseInput(t *testing.T, text string) input {
	switch text {
	case "start":
		return input{kind: inStart}
	case "again":
		return input{kind: inMessage}
	case "ack":
		return input{kind: inAck}
	case "error":
		return input{kind: inTransportError}
	}
	if code, ok := strings.CutPrefix(text, "say "); ok {
		n, _ := strconv.Atoi(code)
		return input{kind: inRespond, code: n}
	}
	if n, err := strconv.Atoi(text); err == nil {
		return input{kind: inMessage, code: n}
	}
	for name := range timerCount {
		if name.String() == text {
			return input{kind: inTimer, timer: name}
		}
	}
	t.Fatalf("unknown input %q", text)
	return input{}
}

func describe(outputs []output) string {
	names := map[outputKind]string{
		outSend: "send", outSendTrying: "send trying", outAck: "ack", outTerminate: "terminate", outDeliver: "deliver",
		outTimeout: "timeout", outTransportError: "transport error", outAckTimeout: "ACK timeout",
	}
	var words []string
	for _, o := range outputs {
		switch o.kind {
		case outStart:
			words = append(words, fmt.Sprintf("start %v %v", o.timer, o.after))
		case outStop:
			words = append(words, fmt.Sprintf("stop %v", o.timer))
		default:
			words = append(words, names[o.kind])
		}
	}
	if words == nil {
		return ""
	}
	return strings.Join(words, ", ") + " "
}
