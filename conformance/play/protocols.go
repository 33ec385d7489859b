package play

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pion/stun/v4"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
)

// This file reads the messages of DNS and STUN. A request has a method: the type
// of record asked for, or BINDING; an answer has that and a code.

// otherLog is everything of one protocol beside SIP.
type otherLog struct {
	wireLogs
	flying []landing
	seen   map[string]bool
}

type landing struct {
	at    time.Duration
	event match.Event
}

// otherLogs are those of the protocols that the case judges: others are not
// listened to.
func otherLogs(c *scenario.Case) map[simnet.Protocol]*otherLog {
	logs := map[simnet.Protocol]*otherLog{}
	eachStep(c.Steps, func(s *scenario.Step) {
		if v, ok := s.Verb.(*scenario.Expect); ok && v.Wire != nil {
			if protocol := simnet.Protocol(v.Wire.Protocol); slices.Contains([]simnet.Protocol{simnet.DNS, simnet.STUN, simnet.MSRP}, protocol) {
				logs[protocol] = &otherLog{seen: map[string]bool{}}
			}
		}
	})
	return logs
}

// logs are those of a protocol, nil if it cannot be judged.
func (l *wireLog) logs(protocol string) *wireLogs {
	if protocol == "" || protocol == "sip" {
		return &l.sip
	}
	if other := l.others[simnet.Protocol(protocol)]; other != nil {
		return &other.wireLogs
	}
	return nil
}

// drop consumes everything that was sent so far.
func (l *wireLog) drop() {
	l.sip.drop()
	for _, other := range l.others {
		other.drop()
	}
}

func (l *wireLogs) drop() {
	l.sent.Drop(l.sent.Len())
	l.received.Drop(l.received.Len())
}

// readOther reads a message that is not SIP.
func (l *wireLog) readOther(o octets) {
	if o.protocol == simnet.MSRP {
		l.readMSRP(o)
		return
	}
	log := l.others[o.protocol]
	event := match.Event{At: l.w.at(o.sent), Name: o.from + " > " + o.to, Lost: o.lost, Is: func(string) bool { return false }}
	event.ID = event.Name + "\n" + string(o.data)
	event.Copy = log.seen[event.ID]
	log.seen[event.ID] = true
	if o.protocol == simnet.DNS {
		event.Fields = dnsFields(o.data)
	} else {
		event.Fields = stunFields(o.data)
	}
	event.Fields["transport"] = o.transport
	event.Text = textOfOther(event.Fields)
	log.sent.Add(event)
	if !o.lost {
		log.flying = append(log.flying, landing{l.w.at(o.arrives), event})
	}
}

func textOfOther(fields map[string]any) string {
	parts := []string{}
	for _, name := range []string{"code", "method", "name", "mapped", "answers"} {
		if v, ok := fields[name]; ok {
			parts = append(parts, match.Format(v))
		}
	}
	return strings.Join(parts, " ")
}

// land moves what has arrived by now to the receivers' log.
func (l *otherLog) land(now time.Duration) {
	slices.SortStableFunc(l.flying, func(a, b landing) int { return cmp.Compare(a.at, b.at) })
	for len(l.flying) > 0 && l.flying[0].at <= now {
		event := l.flying[0].event
		event.At = l.flying[0].at
		l.received.Add(event)
		l.flying = l.flying[1:]
	}
}

var rcodes = []string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"}

// dnsFields reads a DNS message; one that is none has no fields.
func dnsFields(data []byte) map[string]any {
	fields := map[string]any{}
	var msg dnsmessage.Message
	if msg.Unpack(data) != nil || len(msg.Questions) == 0 {
		return fields
	}
	q := msg.Questions[0]
	fields["method"] = dnsType(q.Type)
	fields["name"] = strings.TrimSuffix(q.Name.String(), ".")
	if !msg.Response {
		return fields
	}
	fields["code"] = fmt.Sprint(uint16(msg.RCode))
	if int(msg.RCode) < len(rcodes) {
		fields["code"] = rcodes[msg.RCode]
	}
	answers := []any{}
	for _, r := range msg.Answers {
		answers = append(answers, dnsRecord(r))
	}
	fields["answers"] = answers
	return fields
}

func dnsType(t dnsmessage.Type) string {
	if t == typeNAPTR {
		return "NAPTR"
	}
	return strings.TrimPrefix(t.String(), "Type")
}

const typeNAPTR = dnsmessage.Type(35) // RFC 3403

// dnsRecord is a record as a zone line has it, without name and lifetime.
func dnsRecord(r dnsmessage.Resource) string {
	name := func(n dnsmessage.Name) string { return strings.TrimSuffix(n.String(), ".") }
	switch body := r.Body.(type) {
	case *dnsmessage.AResource:
		return fmt.Sprintf("A %d.%d.%d.%d", body.A[0], body.A[1], body.A[2], body.A[3])
	case *dnsmessage.AAAAResource:
		return "AAAA " + netip.AddrFrom16(body.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return "CNAME " + name(body.CNAME)
	case *dnsmessage.SRVResource:
		return fmt.Sprintf("SRV %d %d %d %s", body.Priority, body.Weight, body.Port, name(body.Target))
	case *dnsmessage.TXTResource:
		return "TXT " + strings.Join(body.TXT, "")
	case *dnsmessage.UnknownResource:
		if body.Type == typeNAPTR {
			return "NAPTR " + naptr(body.Data)
		}
	}
	return dnsType(r.Header.Type)
}

// naptr reads order, preference, flags, service and replacement (RFC 3403
// section 4.1).
func naptr(data []byte) string {
	if len(data) < 4 {
		return ""
	}
	words := []string{fmt.Sprint(binary.BigEndian.Uint16(data)), fmt.Sprint(binary.BigEndian.Uint16(data[2:]))}
	data = data[4:]
	for range 3 { // flags, service, regexp
		if len(data) == 0 || len(data) < 1+int(data[0]) {
			return strings.Join(words, " ")
		}
		if text := string(data[1 : 1+data[0]]); text != "" {
			words = append(words, text)
		}
		data = data[1+data[0]:]
	}
	var labels []string
	for len(data) > 0 && data[0] > 0 && len(data) > int(data[0]) {
		labels = append(labels, string(data[1:1+data[0]]))
		data = data[1+data[0]:]
	}
	return strings.Join(append(words, strings.Join(labels, ".")), " ")
}

// stunFields reads a STUN message (RFC 8489); one that is none has no fields.
func stunFields(data []byte) map[string]any {
	fields := map[string]any{}
	m := &stun.Message{Raw: slices.Clone(data)}
	if m.Decode() != nil {
		return fields
	}
	if m.Type.Method == stun.MethodBinding {
		fields["method"] = "BINDING"
	} else {
		fields["method"] = strings.ToUpper(m.Type.Method.String())
	}
	switch m.Type.Class {
	case stun.ClassIndication:
		fields["method"] = "INDICATION"
	case stun.ClassSuccessResponse:
		fields["code"] = 200
	case stun.ClassErrorResponse:
		var code stun.ErrorCodeAttribute
		if code.GetFrom(m) == nil {
			fields["code"] = int(code.Code)
		}
	}
	var mapped stun.XORMappedAddress
	if mapped.GetFrom(m) == nil {
		fields["mapped"] = mapped.String()
	}
	if change, err := m.Get(stun.AttrChangeRequest); err == nil && len(change) == 4 {
		fields["change"] = [...]string{"none", "port", "address", "both"}[change[3]>>1&3]
	}
	iceFields(m, fields)
	return fields
}

// iceFields reads the attributes of a check (RFC 8445 section 7.1).
func iceFields(m *stun.Message, fields map[string]any) {
	var name stun.Username
	if name.GetFrom(m) == nil {
		fields["username"] = name.String()
	}
	switch {
	case m.Contains(stun.AttrICEControlling):
		fields["role"] = "controlling"
	case m.Contains(stun.AttrICEControlled):
		fields["role"] = "controlled"
	}
	if m.Contains(stun.AttrUseCandidate) {
		fields["use_candidate"] = true
	}
}
