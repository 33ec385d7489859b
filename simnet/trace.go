package simnet

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
)

// Trace writes a line to w for every packet, as [Network.Tap] sees it, until the returned function is called:
//
//	0.010000000 alice > bob udp 192.0.2.1:5060 192.0.2.2:5060 412 INVITE #5f0d22a1 arrives 0.020000000
//
// Times are in seconds since the network was made, "x>" means lost, "(copy)" a packet that the network made itself, the
// number is the length and # a hash of the data. The same seed and the same program give the same octets. w is called
// by the network and must not block; its errors are ignored.
func (n *Network) Trace(w io.Writer) (remove func()) {
	return n.Tap(func(p Packet) { io.WriteString(w, n.traceLine(&p)) })
}

func (n *Network) traceLine(p *Packet) string {
	var b strings.Builder
	arrow := ">"
	if p.Lost {
		arrow = "x>"
	}
	fmt.Fprintf(&b, "%.9f %s %s %s %s %v %v %d", p.Sent.Sub(n.base).Seconds(), p.From, arrow, or(p.To, "?"),
		p.Proto, p.Src, p.Dst, len(p.Data))
	if p.Control != "" {
		fmt.Fprintf(&b, " %s", p.Control)
	} else {
		fmt.Fprintf(&b, " %v", p.Kind())
	}
	if len(p.Data) > 0 {
		h := fnv.New32a()
		h.Write(p.Data)
		fmt.Fprintf(&b, " #%08x", h.Sum32())
	}
	if p.Copy {
		b.WriteString(" (copy)")
	}
	if p.Corrupted {
		b.WriteString(" (corrupted)")
	}
	if !p.Lost {
		fmt.Fprintf(&b, " arrives %.9f", p.Arrives.Sub(n.base).Seconds())
	}
	b.WriteByte('\n')
	return b.String()
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
