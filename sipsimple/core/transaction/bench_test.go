package transaction_test

import (
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// inline is an executor for benchmarks: everything happens on one goroutine, and
// timers are stopped before they fire.
type inline struct{}

func (inline) Post(f func()) { f() }

// nowhere swallows what is sent.
type nowhere struct{ sent int }

func (n *nowhere) SendOctets([]byte, wire.Destination, func(error)) { n.sent++ }

// BenchmarkInviteTransaction is the transaction work of one refused call at both
// ends: INVITE, 100, 180, 486, ACK.
func BenchmarkInviteTransaction(b *testing.B) {
	message := func(text string) wire.Message {
		r := wire.Inspect([]byte(text), false, bob)
		return wire.Message{Msg: r.Msg, Source: bob, Transport: "tcp"}
	}
	invite := message(request("INVITE", "z9hG4bK1"))
	ack := message(request("ACK", "z9hG4bK1"))
	responses := []wire.Message{
		message(response(100, "INVITE", "z9hG4bK1")),
		message(response(180, "INVITE", "z9hG4bK1")),
		message(response(486, "INVITE", "z9hG4bK1")),
	}
	network := &nowhere{}
	var server *transaction.Server
	layer := transaction.NewLayer(transaction.LayerConfig{
		Transport: network, Executor: inline{}, OnRequest: func(tx *transaction.Server) { server = tx },
	})
	b.ReportAllocs()
	for b.Loop() {
		layer.Request(invite.Request(), wire.Destination{Transport: "tcp", Addr: bob}, func(transaction.Event) {})
		layer.Receive(invite)
		for _, m := range responses {
			server.Respond(m.Response())
			layer.Receive(m)
		}
		layer.Receive(ack)
	}
	if layer.Len() != 0 || network.sent != 5*b.N {
		b.Fatalf("%d transactions left, %d messages sent in %d rounds", layer.Len(), network.sent, b.N)
	}
}
