package resolver

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// cached is an answer with records and when it ends.
type cached struct {
	records []record
	until   time.Time
}

// query gives the records of a name, aliases followed. The error is ErrNoRecord if there are none.
func (s *session) query(name string, typ rrType) ([]record, error) {
	q := question{fqdn(name), typ}
	var records []record
	err := ErrNoRecord
	fromCache := true
	for range maxAliases {
		if records = s.known(q); len(records) > 0 {
			err = nil
			break
		}
		var alias string
		records, alias, err = s.ask(q)
		fromCache = false
		if alias == "" {
			break
		}
		q.name, err = alias, ErrNoRecord
	}
	s.tell(question{fqdn(name), typ}, records, err, fromCache)
	return records, err
}

func (s *session) tell(q question, records []record, err error, fromCache bool) {
	if s.trace == nil {
		return
	}
	t := Trace{Type: typeName(q.typ), Name: q.name[:len(q.name)-1], Nameservers: s.r.Nameservers(), Err: err, Cached: fromCache}
	for _, r := range records {
		t.Answer = append(t.Answer, r.String())
	}
	s.trace(t)
}

// known are records that came along with another answer, or are remembered.
func (s *session) known(q question) []record {
	if list := s.extra[q]; len(list) > 0 {
		return list
	}
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	c, ok := s.r.cache[q]
	if !ok || !time.Now().Before(c.until) {
		return nil
	}
	return c.records
}

// ask puts a question to the servers. alias is the name that leads on where the answer has none of its records.
func (s *session) ask(q question) (records []record, alias string, err error) {
	servers := s.r.Nameservers()
	if len(servers) == 0 {
		records, err = s.withoutServers(q)
		return records, "", err
	}
	res, err := s.r.ask(s.ctx, q, servers)
	if err != nil {
		return nil, "", err
	}
	final := follow(q.name, res.answers)
	for _, a := range res.answers {
		if a.name == final && a.typ == q.typ {
			records = append(records, a)
		}
	}
	if len(records) > 0 {
		s.keepExtra(records, res.extra)
		s.r.remember(q, records)
		return records, "", nil
	}
	if final != q.name && res.code == dnsmessage.RCodeSuccess {
		return nil, final, ErrNoRecord
	}
	return nil, "", ErrNoRecord
}

// follow goes from alias to alias within an answer.
func follow(name string, answers []record) string {
	for range maxAliases {
		i := slices.IndexFunc(answers, func(a record) bool { return a.typ == typeCNAME && a.name == name })
		if i < 0 {
			break
		}
		name = answers[i].target
	}
	return name
}

// keepExtra keeps what came along, for this look-up only, and only of names that the records lead to: anything else a
// server might slip in.
func (s *session) keepExtra(records, extra []record) {
	for _, e := range extra {
		wanted := slices.ContainsFunc(records, func(r record) bool { return r.target == e.name })
		if wanted && len(s.extra[e.question]) < maxRecords && !slices.Contains(s.extra[e.question], e) {
			s.extra[e.question] = append(s.extra[e.question], e)
		}
	}
}

// remember keeps an answer for its shortest time to live. When there is no room, what has expired goes, then all.
func (r *Resolver) remember(q question, records []record) {
	ttl := maxTTL
	for _, rec := range records {
		ttl = min(ttl, time.Duration(rec.ttl)*time.Second)
	}
	if ttl <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if len(r.cache) >= maxCached {
		for key, c := range r.cache {
			if !now.Before(c.until) {
				delete(r.cache, key)
			}
		}
	}
	if len(r.cache) >= maxCached {
		clear(r.cache)
	}
	r.cache[q] = cached{records, now.Add(ttl)}
}

// withoutServers finds addresses by the network's own means.
func (s *session) withoutServers(q question) ([]record, error) {
	network := map[rrType]string{typeA: "ip4", typeAAAA: "ip6"}[q.typ]
	if network == "" {
		return nil, ErrNoRecord
	}
	found, err := s.r.cfg.Net.ResolveIPAddr(network, q.name[:len(q.name)-1])
	if err != nil {
		return nil, ErrNoRecord
	}
	addr, ok := netip.AddrFromSlice(found.IP)
	if !ok {
		return nil, ErrNoRecord
	}
	return []record{{question: q, addr: addr.Unmap()}}, nil
}

// records is query where a missing record and servers that fail are the same: nothing. Other errors end the look-up.
func (s *session) records(name string, typ rrType) ([]record, error) {
	list, err := s.query(name, typ)
	if errors.Is(err, ErrNoRecord) || errors.Is(err, errServers) {
		return nil, nil
	}
	return list, err
}

// addresses are those of a host, of the families we want.
func (s *session) addresses(host string) ([]netip.Addr, error) {
	if addr, ok := literal(host); ok {
		return []netip.Addr{addr}, nil
	}
	var addrs []netip.Addr
	for _, typ := range s.r.families() {
		list, err := s.records(host, typ)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			addrs = append(addrs, r.addr)
		}
	}
	return unique(addrs), nil
}
