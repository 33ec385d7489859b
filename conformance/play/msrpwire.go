package play

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/wirefields"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// msrpFlow is one direction of a TCP connection that may carry MSRP. A message is
// there when its last octet has left; what TCP lost on the way it repeats, so
// nothing is ever lost.
type msrpFlow struct {
	wirefields.MSRP
	log   *wireLog
	first []byte // octets, until it is known whether this is MSRP
	known bool
	none  bool   // it is something else
	now   octets // being read
}

// msrpFlow is the flow from src to dst.
func (l *wireLog) msrpFlow(src, dst string) *msrpFlow {
	if l.flows == nil {
		l.flows = map[[2]string]*msrpFlow{}
	}
	if f := l.flows[[2]string{src, dst}]; f != nil {
		return f
	}
	there, back := &msrpFlow{log: l}, &msrpFlow{log: l}
	if strings.HasPrefix(src, "tls ") {
		there.Transport, back.Transport = "tls", "tls"
	}
	there.Emit, back.Emit = there.emit, back.emit
	there.Requests, back.Requests = back.Method, there.Method
	l.flows[[2]string{src, dst}], l.flows[[2]string{dst, src}] = there, back
	return there
}

const msrpStart = "MSRP "

// readMSRP takes the next octets of a direction.
func (l *wireLog) readMSRP(o octets) {
	f := l.msrpFlow(o.src, o.dst)
	if f.none {
		return
	}
	data := o.data
	if !f.known {
		f.first = append(f.first, data...)
		n := min(len(f.first), len(msrpStart))
		if f.none = string(f.first[:n]) != msrpStart[:n]; f.none || n < len(msrpStart) {
			return
		}
		f.known, data, f.first = true, f.first, nil
	}
	f.now = o
	f.none = f.Feed(data) != nil
}

// emit takes up a message.
func (f *msrpFlow) emit(fields map[string]any) {
	l, o := f.log, f.now
	event := match.Event{
		At: l.w.at(o.sent), Name: o.from + " > " + o.to, ID: fmt.Sprint("msrp ", len(l.messages)), Fields: fields,
		Text: textOfMSRP(fields), Is: func(string) bool { return false },
	}
	text, _ := fields["body"].(string)
	l.messages = append(l.messages, &Message{
		Event: event, From: o.from, To: o.to, Transport: "msrp", Data: []byte(text), arrives: l.w.at(o.arrives),
	})
	log := l.others[simnet.MSRP]
	log.sent.Add(event)
	log.flying = append(log.flying, landing{l.w.at(o.arrives), event})
}

// textOfMSRP is a message in short.
func textOfMSRP(fields map[string]any) string {
	var parts []string
	for _, name := range []string{"code", "method", "Byte-Range", "Status", "Content-Type", "flag"} {
		if v, ok := fields[name]; ok {
			parts = append(parts, match.Format(v))
		}
	}
	return strings.Join(parts, " ")
}

// traceMSRP takes what a host sends over TLS, where the network shows nothing. It
// is nil when nobody judges MSRP.
func (l *wireLog) traceMSRP(host string) func(msrp.TraceEntry) {
	if l.others[simnet.MSRP] == nil {
		return nil
	}
	return func(e msrp.TraceEntry) {
		remote, err := netip.ParseAddrPort(e.Remote.String())
		if !e.Sent || !e.Secure || err != nil {
			return
		}
		l.add(octets{sent: e.At, arrives: e.At, from: host, to: l.w.hostOf(remote.Addr()), transport: "tls", protocol: simnet.MSRP,
			data: slices.Clone(e.Data), src: "tls " + e.Local.String(), dst: "tls " + remote.String()})
	}
}
