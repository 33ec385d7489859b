package scenario

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/simnet/dnsserver"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
)

// This file reads servers, the DNS zone, and what a party has between itself and
// the network: its router and its certificate.

var (
	natKinds    = []string{"none", "full_cone", "restricted", "port_restricted", "symmetric", "blocked"}
	serverKinds = []string{"registrar", "proxy", "stun", "msrp_relay", "xcap"}
	tlsKeys     = []string{"certificate", "ca"}

	certificates = []string{"good", "expired", "wrong_name", "self_signed", "missing"}
	authorities  = []string{"test", "none"}

	// serverKeys need `server:` beside them.
	serverKeys = []string{"server", "users", "challenge", "expires", "min_expires", "gruu", "forks", "answers", "contacts"}
	// serverAllows are the keys of a party that a server may have, too.
	serverAllows = []string{"host", "nat", "tls"}

	contactWords = []string{"kept", "source"}

	answerKeys = []string{"reason", "stale", "headers", "expires", "body", "after"}
)

// notApplication says why a party has no API, no notifications and no sound;
// "" when it has.
func (p *Party) notApplication() string {
	switch {
	case p.Scripted:
		return "scripted"
	case p.Server != nil:
		return "a server"
	}
	return ""
}

// serverKey reads a key of a server, and tells whether it was one.
func (c *compiler) serverKey(p *Party, party *node, k pair) bool {
	if !slices.Contains(serverKeys, k.key.text) {
		return false
	}
	if party.get("server") == nil {
		c.r.at(k.key, "%s belongs to a server: say server: registrar or server: proxy", quote(k.key.text))
		return true
	}
	if p.Server == nil {
		p.Server = &Server{}
	}
	switch s, value := p.Server, k.value; k.key.text {
	case "server":
		if s.Kind = c.word(value, serverKinds); s.Kind != "" {
			c.r.refused(value, "server", s.Kind)
		}
	case "users":
		s.Users = map[string]string{}
		for _, user := range c.dict(value, "a map of users and passwords such as {alice: secret}") {
			s.Users[user.key.text] = c.text(user.value, "a password")
		}
	case "challenge":
		s.Challenge, _ = strconv.Atoi(c.word(value, []string{"401", "407"}))
	case "expires":
		s.Expires = c.registration(value)
	case "min_expires":
		s.Shortest = c.registration(value)
	case "gruu":
		s.GRUU = c.bool(value)
	case "forks":
		c.forks(s, value)
	case "answers":
		c.answers(s, value)
	case "contacts":
		s.FixContacts = c.word(value, contactWords) == "source"
	}
	return true
}

// registration reads how long one lasts.
func (c *compiler) registration(value *node) time.Duration {
	expires := time.Duration(c.number(value)) * time.Second
	if expires == 0 && value.isScalar() {
		c.r.at(value, "a registration lasts a number of seconds, such as 120")
	}
	return expires
}

// checkServer reports keys that do not go with the kind of server.
func (c *compiler) checkServer(p *Party, key, value *node) {
	if p.Server == nil {
		return
	}
	for _, k := range value.pairs {
		name := k.key.text
		switch {
		case slices.Contains(partyKeys, name) && !slices.Contains(serverKeys, name) && !slices.Contains(serverAllows, name):
			c.r.at(k.key, "%s is a server: it has no %s", quote(key.text), name)
		case p.Server.Kind == "stun" && (name == "tls" || name != "server" && slices.Contains(serverKeys, name)):
			c.r.at(k.key, "a STUN server has no %s", name)
		case p.Server.Kind == "xcap" && !slices.Contains([]string{"server", "users", "host", "nat"}, name):
			c.r.at(k.key, "an XCAP server has no %s", name)
		case p.Server.Kind == "msrp_relay" && slices.Contains([]string{"challenge", "min_expires", "forks", "contacts"}, name):
			c.r.at(k.key, "an MSRP relay has no %s", name)
		case p.Server.Kind == "msrp_relay" && name == "answers":
			c.relayAnswers(k.key, p.Server)
		case p.Server.Kind != "registrar" && (name == "gruu" || p.Server.Kind == "proxy" && (name == "expires" || name == "min_expires")):
			c.r.at(k.key, "a %s grants no registrations; say server: registrar", p.Server.Kind)
		}
	}
}

// relayAnswers checks that an MSRP relay is only told to refuse AUTH.
func (c *compiler) relayAnswers(key *node, s *Server) {
	for method, list := range s.Answers {
		ok := method == "AUTH"
		for _, a := range list {
			ok = ok && a.Code >= 400 && !a.Stale && a.Reason == "" && a.Headers == nil && a.After == 0
		}
		if !ok {
			c.r.at(key, "an MSRP relay refuses AUTH, by codes alone: {AUTH: [403]}")
			return
		}
	}
}

// forks reads the branches of a proxy: users, or addresses of record, with a
// list of parties or URIs.
func (c *compiler) forks(s *Server, n *node) {
	s.Forks = map[string][]string{}
	for _, p := range c.dict(n, "a map such as {bob: [p1, p2]}") {
		list := []string{}
		for _, branch := range c.list(p.value, "a list of parties or URIs such as [p1, p2]") {
			text := c.text(branch, "a party or a URI")
			if text != "" && !strings.Contains(text, ":") {
				c.later = append(c.later, func() {
					if text != "nobody" && text != "nowhere" {
						c.knownParty(branch, text)
					}
				})
			}
			list = append(list, text)
		}
		s.Forks[p.key.text] = list
	}
}

// answers reads what the first requests of each method get.
func (c *compiler) answers(s *Server, n *node) {
	s.Answers = map[string][]sipserver.Answer{}
	for _, p := range c.dict(n, "a map such as {INVITE: [407, forward]}") {
		method := p.key.text
		if method == "*" || method == "any" {
			method = "*"
		} else {
			method = c.method(p.key)
		}
		list := []sipserver.Answer{}
		for _, item := range c.list(p.value, "a list of answers such as [503, silent, {407: {stale: true}}, forward]") {
			list = append(list, c.answer(item))
		}
		s.Answers[method] = list
	}
}

// answer reads forward, silent, a code, or one of them with fields.
func (c *compiler) answer(n *node) sipserver.Answer {
	word, fields := n, []pair(nil)
	if n.isDict() {
		if len(n.pairs) != 1 {
			c.r.at(n, "expected one answer with its fields, found %d keys: {407: {stale: true}}", len(n.pairs))
			return sipserver.Answer{}
		}
		word = n.pairs[0].key
		fields = c.dict(n.pairs[0].value, "a map of fields such as {stale: true}")
	}
	text := c.text(word, "forward, silent or a code")
	if text == "" {
		return sipserver.Answer{}
	}
	answer, err := sipserver.ParseAnswer(text)
	if err != nil {
		c.r.at(word, "%s is no answer of a server: expected forward, silent or a code from 100 to 699", quote(text))
	}
	c.knownKeys(fields, "field of an answer", answerKeys)
	for _, f := range fields {
		c.answerField(&answer, f)
	}
	return answer
}

func (c *compiler) answerField(a *sipserver.Answer, f pair) {
	if f.value.null {
		c.r.at(f.key, "%s has no value", quote(f.key.text))
		return
	}
	switch value := f.value; f.key.text {
	case "reason":
		a.Reason = c.text(value, "a phrase")
	case "stale":
		a.Stale = c.bool(value)
	case "expires":
		a.Expires = c.text(value, "what is claimed to have been granted, in seconds")
	case "body":
		a.Body = c.text(value, "a text")
	case "after":
		a.After = c.time(value)
	case "headers":
		for _, h := range c.dict(value, "a map of headers") {
			for line := range strings.SplitSeq(c.headerText(h), "\n") {
				a.Headers = append(a.Headers, sipserver.Header{Name: h.key.text, Value: line})
			}
		}
	}
}

// tls reads the certificate that a party shows and the authority it trusts.
func (c *compiler) tls(n *node) *TLS {
	t := &TLS{Certificate: "good", CA: "test"}
	pairs := c.dict(n, "a map such as {certificate: expired}")
	c.knownKeys(pairs, "key of tls", tlsKeys)
	for _, p := range pairs {
		switch p.key.text {
		case "certificate":
			t.Certificate = c.wordOrFile(p.value, certificates)
		case "ca":
			t.CA = c.wordOrFile(p.value, authorities)
		}
	}
	return t
}

// wordOrFile reads one of a few words, or the name of a file in PEM.
func (c *compiler) wordOrFile(n *node, known []string) string {
	text := c.text(n, strings.Join(known, ", ")+", or a file")
	if slices.Contains(known, text) || text == "" {
		return text
	}
	if path.Ext(text) == "" {
		c.r.at(n, "unknown word %s%s, or the name of a file that ends with .pem", quote(text), hint(text, known))
		return ""
	}
	return c.fileToSend(n)
}

// zone reads the lines of dns:. What they name is used.
func (c *compiler) zone(root *node) {
	n := root.get("dns")
	if n == nil {
		return
	}
	c.result.DNS = []string{}
	for _, item := range c.list(n, "a list of zone lines such as x.test A bob") {
		line := c.text(item, "a zone line such as x.test A bob")
		if line == "" {
			continue
		}
		record, err := dnsserver.ParseRecord(line)
		if err != nil {
			c.r.at(item, "%v", err)
			continue
		}
		host := record.Target
		if record.Type == "A" || record.Type == "AAAA" {
			c.zoneHost(item, host)
		}
		if name := strings.TrimSuffix(strings.TrimSuffix(host, "."), ".test"); c.party(name) != nil {
			c.useParty(name)
		}
		c.result.DNS = append(c.result.DNS, line)
	}
}

// zoneHost reports a host that is not there.
func (c *compiler) zoneHost(n *node, host string) {
	name := strings.TrimSuffix(strings.TrimSuffix(host, "."), ".test")
	if host == "" || name == "nobody" || name == "nowhere" {
		return
	}
	c.knownParty(n, name)
}

// mentions does what had to wait until all parties are known, and notes the
// servers that accounts and settings speak of as used.
func (c *compiler) mentions(parties *node) {
	for _, check := range c.later {
		check()
	}
	c.later = nil
	if parties == nil {
		return
	}
	for _, p := range c.result.Parties {
		for _, settings := range append([]map[string]string{p.Settings, p.Account}, accountsOf(p)...) {
			for _, value := range settings {
				c.mentioned(value)
			}
		}
	}
}

func accountsOf(p *Party) (list []map[string]string) {
	for _, account := range p.Accounts {
		list = append(list, account)
	}
	return list
}

// mentioned notes the servers whose host name is in a text.
func (c *compiler) mentioned(text string) {
	for _, p := range c.result.Parties {
		if p.Server != nil && slices.Contains(strings.FieldsFunc(text, notOfName), p.Name) {
			c.useParty(p.Name)
		}
	}
}

func notOfName(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }
