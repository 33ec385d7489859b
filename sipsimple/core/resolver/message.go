package resolver

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

type rrType = dnsmessage.Type

const (
	typeA     = dnsmessage.TypeA
	typeAAAA  = dnsmessage.TypeAAAA
	typeSRV   = dnsmessage.TypeSRV
	typeTXT   = dnsmessage.TypeTXT
	typeCNAME = dnsmessage.TypeCNAME
	typeNAPTR = rrType(35) // RFC 3403
)

// typeName is the name of a type as in a zone file.
func typeName(t rrType) string {
	if t == typeNAPTR {
		return "NAPTR"
	}
	return strings.TrimPrefix(t.String(), "Type")
}

// question is what is asked; names are in lower case and end with a dot.
type question struct {
	name string
	typ  rrType
}

// fqdn is a name as in a question.
func fqdn(name string) string {
	name = strings.ToLower(name)
	if !strings.HasSuffix(name, ".") {
		name += "."
	}
	return name
}

// record is one record of a type that we read. target is the name that a CNAME, an SRV or a NAPTR record leads to.
type record struct {
	question
	ttl    uint32
	target string
	addr   netip.Addr // A, AAAA

	priority, weight, port uint16 // SRV; of NAPTR priority is the order and weight the preference
	flags, service         string // NAPTR
	text                   string // TXT
}

// String is the data as in a zone file.
func (r record) String() string {
	switch r.typ {
	case typeA, typeAAAA:
		return r.addr.String()
	case typeSRV:
		return fmt.Sprintf("%d %d %d %s", r.priority, r.weight, r.port, r.target)
	case typeNAPTR:
		return fmt.Sprintf("%d %d %q %q %s", r.priority, r.weight, r.flags, r.service, r.target)
	case typeTXT:
		return fmt.Sprintf("%q", r.text)
	}
	return r.target
}

// udpSize is the datagram that we can take (RFC 6891), small enough for every path.
const udpSize = 1232

// newQuery writes a query with recursion desired.
func newQuery(id uint16, q question) ([]byte, error) {
	name, err := dnsmessage.NewName(q.name)
	if err != nil {
		return nil, err
	}
	b := dnsmessage.NewBuilder(make([]byte, 0, 512), dnsmessage.Header{ID: id, RecursionDesired: true})
	var opt dnsmessage.ResourceHeader
	err = errors.Join(
		b.StartQuestions(),
		b.Question(dnsmessage.Question{Name: name, Type: q.typ, Class: dnsmessage.ClassINET}),
		b.StartAdditionals(),
		opt.SetEDNS0(udpSize, dnsmessage.RCodeSuccess, false),
		b.OPTResource(opt, dnsmessage.OPTResource{}),
	)
	if err != nil {
		return nil, err
	}
	return b.Finish()
}

// response is what we read of an answer.
type response struct {
	code      dnsmessage.RCode
	truncated bool
	answers   []record
	extra     []record
}

var errNotOurs = errors.New("not the answer to the question")

// readResponse takes an answer apart. Records that cannot be read, and all behind them, are left out.
func readResponse(data []byte, id uint16, q question) (response, error) {
	var p dnsmessage.Parser
	h, err := p.Start(data)
	if err != nil || !h.Response || h.ID != id {
		return response{}, errNotOurs
	}
	asked, err := p.Question()
	if err != nil || fqdn(asked.Name.String()) != q.name || asked.Type != q.typ || asked.Class != dnsmessage.ClassINET {
		return response{}, errNotOurs
	}
	res := response{code: h.RCode, truncated: h.Truncated}
	if p.SkipAllQuestions() != nil {
		return res, nil
	}
	if res.answers, err = readSection(p.Answer); err != nil || p.SkipAllAuthorities() != nil {
		return res, nil
	}
	res.extra, _ = readSection(p.Additional)
	return res, nil
}

// readSection reads records to the end of a section; the error is nil there.
func readSection(next func() (dnsmessage.Resource, error)) (list []record, err error) {
	for range maxRecords {
		rr, err := next()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		if rr.Header.Class == dnsmessage.ClassINET {
			if r, ok := readRecord(rr); ok {
				list = append(list, r)
			}
		}
	}
	return list, errors.New("too many records")
}

func readRecord(rr dnsmessage.Resource) (record, bool) {
	r := record{question: question{fqdn(rr.Header.Name.String()), rr.Header.Type}, ttl: rr.Header.TTL}
	switch body := rr.Body.(type) {
	case *dnsmessage.AResource:
		r.addr = netip.AddrFrom4(body.A)
	case *dnsmessage.AAAAResource:
		r.addr = netip.AddrFrom16(body.AAAA).Unmap()
	case *dnsmessage.CNAMEResource:
		r.target = fqdn(body.CNAME.String())
	case *dnsmessage.SRVResource:
		r.priority, r.weight, r.port, r.target = body.Priority, body.Weight, body.Port, fqdn(body.Target.String())
	case *dnsmessage.TXTResource:
		r.text = strings.Join(body.TXT, "")
	case *dnsmessage.UnknownResource:
		return r, r.typ == typeNAPTR && r.readNAPTR(body.Data)
	default:
		return r, false
	}
	return r, true
}

// readNAPTR reads the data of a NAPTR record (RFC 3403 section 4.1): two numbers, three texts (flags, service, regular
// expression), a name that is never compressed. Records with a regular expression are of no use for SIP.
func (r *record) readNAPTR(data []byte) bool {
	if len(data) < 7 {
		return false
	}
	r.priority, r.weight = uint16(data[0])<<8|uint16(data[1]), uint16(data[2])<<8|uint16(data[3])
	data = data[4:]
	var texts [3]string
	for i := range texts {
		if len(data) == 0 || len(data) < 1+int(data[0]) {
			return false
		}
		texts[i], data = string(data[1:1+data[0]]), data[1+data[0]:]
	}
	r.flags, r.service = strings.ToLower(texts[0]), strings.ToUpper(texts[1])
	name, ok := readName(data)
	r.target = fqdn(name)
	return ok && texts[2] == ""
}

// readName reads labels without compression.
func readName(data []byte) (string, bool) {
	var name strings.Builder
	for len(data) > 0 {
		size := int(data[0])
		switch {
		case size == 0:
			if name.Len() == 0 {
				return ".", true
			}
			return name.String(), name.Len() < 255
		case size > 63 || len(data) < 1+size:
			return "", false
		}
		name.Write(data[1 : 1+size])
		name.WriteByte('.')
		data = data[1+size:]
	}
	return "", false
}
