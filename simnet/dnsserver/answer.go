package dnsserver

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// udpLimit is what a client without EDNS takes (RFC 1035 section 2.3.4).
const udpLimit = 512

// answer is the response to a query that came over "udp" or "tcp", nil for none.
func (s *Server) answer(data []byte, from netip.AddrPort, proto string) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(data)
	if err != nil || h.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return s.pack(dnsmessage.Message{Header: dnsmessage.Header{ID: h.ID, Response: true, RCode: dnsmessage.RCodeFormatError}})
	}
	limit := 0
	if proto == "udp" {
		limit = clientLimit(&p)
	}
	name := fqdn(q.Name.String())
	s.note(Query{Name: strings.TrimSuffix(name, "."), Type: typeName(q.Type), Proto: proto, From: from})
	m := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: h.ID, Response: true, OpCode: h.OpCode, Authoritative: true, RecursionDesired: h.RecursionDesired,
			RecursionAvailable: true,
		},
		Questions: []dnsmessage.Question{q},
	}
	switch s.behaviour(name) {
	case "TIMEOUT":
		return nil
	case "GARBAGE":
		return append([]byte{data[0], data[1], 0x81, 0x80, 0, 1, 0xff, 0xff, 0, 0, 0, 0}, "\xc0\x0c garbage \xff\xff"...)
	case "SERVFAIL":
		m.RCode = dnsmessage.RCodeServerFailure
	case "REFUSED":
		m.RCode = dnsmessage.RCodeRefused
	case "NXDOMAIN":
		m.RCode = dnsmessage.RCodeNameError
	default:
		s.fill(&m, name, q.Type)
	}
	packed := s.pack(m)
	if limit > 0 && len(packed) > limit {
		m.Truncated, m.Answers, m.Additionals = true, nil, nil
		packed = s.pack(m)
	}
	return packed
}

func (s *Server) pack(m dnsmessage.Message) []byte {
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// clientLimit is the size of a datagram that the client says it takes.
func clientLimit(p *dnsmessage.Parser) int {
	if p.SkipAllQuestions() != nil || p.SkipAllAnswers() != nil || p.SkipAllAuthorities() != nil {
		return udpLimit
	}
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return udpLimit
		}
		if h.Type == dnsmessage.TypeOPT {
			return max(int(h.Class), udpLimit)
		}
		if p.SkipAdditional() != nil {
			return udpLimit
		}
	}
}

// behaviour is what the name, or the nearest one above it, does instead of answering; "" if it answers.
func (s *Server) behaviour(name string) string {
	for first := true; name != ""; first = false {
		records := s.zone[name]
		for _, r := range records {
			if slices.Contains(behaviours, r.Type) {
				return r.Type
			}
		}
		if first && len(records) > 0 {
			return ""
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return ""
}

// maxAliases is how many CNAMEs are followed.
const maxAliases = 8

// fill puts the records into a response: aliases, what was asked for, and the addresses of what that leads to.
func (s *Server) fill(m *dnsmessage.Message, name string, typ dnsmessage.Type) {
	for range maxAliases {
		found := s.records(name, typ)
		if len(found) > 0 {
			for _, r := range found {
				m.Answers = append(m.Answers, s.resources(r)...)
			}
			s.addAddresses(m, found)
			return
		}
		alias := s.records(name, dnsmessage.TypeCNAME)
		if len(alias) == 0 {
			break
		}
		m.Answers = append(m.Answers, s.resources(alias[0])...)
		name = alias[0].Target
	}
	if len(m.Answers) == 0 && !s.exists(name) {
		m.RCode = dnsmessage.RCodeNameError
	}
}

// exists tells whether a name, or one below it, is known.
func (s *Server) exists(name string) bool {
	if len(s.lookup(name)) > 0 {
		return true
	}
	for known := range s.zone {
		if known == name || strings.HasSuffix(known, "."+name) {
			return true
		}
	}
	return false
}

// records are those of a name and type, those of the hosts of the laboratory included.
func (s *Server) records(name string, typ dnsmessage.Type) []Record {
	var found []Record
	redirected := false // the zone knows the addresses better
	for _, r := range s.zone[name] {
		if r.Type == typeName(typ) {
			found = append(found, r)
		}
		redirected = redirected || r.Type == "A" || r.Type == "AAAA" || r.Type == "CNAME"
	}
	if !redirected && (typ == dnsmessage.TypeA || typ == dnsmessage.TypeAAAA) {
		if addrs := s.lookup(name); len(addrs) > 0 {
			found = append(found, Record{Name: name, TTL: defaultTTL, Type: typeName(typ), Addrs: addrs})
		}
	}
	return found
}

// addAddresses adds what the client asks for next.
func (s *Server) addAddresses(m *dnsmessage.Message, found []Record) {
	added := map[string]bool{}
	for _, r := range found {
		if r.Type != "SRV" || added[r.Target] {
			continue
		}
		added[r.Target] = true
		for _, typ := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
			for _, a := range s.records(r.Target, typ) {
				m.Additionals = append(m.Additionals, s.resources(a)...)
			}
		}
	}
}

// resources are the records of a line on the wire: a host may have several addresses.
func (s *Server) resources(r Record) []dnsmessage.Resource {
	h := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(r.Name), Class: dnsmessage.ClassINET, TTL: r.TTL}
	switch r.Type {
	case "A", "AAAA":
		return s.addressResources(h, r)
	case "CNAME":
		return []dnsmessage.Resource{{Header: h, Body: &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(r.Target)}}}
	case "SRV":
		return []dnsmessage.Resource{{Header: h, Body: &dnsmessage.SRVResource{
			Priority: r.Priority, Weight: r.Weight, Port: r.Port, Target: dnsmessage.MustNewName(r.Target),
		}}}
	case "TXT":
		return []dnsmessage.Resource{{Header: h, Body: &dnsmessage.TXTResource{TXT: pieces(r.Text)}}}
	case "NAPTR":
		return []dnsmessage.Resource{{Header: h, Body: &dnsmessage.UnknownResource{Type: typeNAPTR, Data: packNAPTR(r)}}}
	}
	return nil
}

func (s *Server) addressResources(h dnsmessage.ResourceHeader, r Record) (list []dnsmessage.Resource) {
	addrs := r.Addrs
	if r.Target != "" {
		addrs = s.lookup(fqdn(r.Target))
	}
	for _, a := range addrs {
		switch {
		case r.Type == "A" && a.Is4():
			list = append(list, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: a.As4()}})
		case r.Type == "AAAA" && a.Is6():
			list = append(list, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	return list
}

// lookup asks for a host of the laboratory.
func (s *Server) lookup(name string) []netip.Addr {
	if s.cfg.Lookup == nil {
		return nil
	}
	return s.cfg.Lookup(strings.TrimSuffix(name, "."))
}

// pieces cuts a text into strings of 255 octets at most.
func pieces(text string) (list []string) {
	for len(text) > 255 {
		list, text = append(list, text[:255]), text[255:]
	}
	return append(list, text)
}

// packNAPTR writes the data of a NAPTR record (RFC 3403 section 4.1); the name is not compressed.
func packNAPTR(r Record) []byte {
	data := []byte{byte(r.Priority >> 8), byte(r.Priority), byte(r.Weight >> 8), byte(r.Weight)}
	for _, text := range []string{r.Flags, r.Service, r.Regexp} {
		data = append(append(data, byte(len(text))), text...)
	}
	for _, label := range strings.Split(strings.TrimSuffix(r.Target, "."), ".") {
		if label != "" {
			data = append(append(data, byte(len(label))), label...)
		}
	}
	return append(data, 0)
}

func typeName(t dnsmessage.Type) string {
	if t == typeNAPTR {
		return "NAPTR"
	}
	return strings.TrimPrefix(t.String(), "Type")
}
