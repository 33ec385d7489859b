package dnsserver

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// defaultTTL is the time to live of records that do not say, in seconds.
const defaultTTL = 300

const typeNAPTR = dnsmessage.Type(35) // RFC 3403

// Record is one zone line.
type Record struct {
	Name string // in lower case, with a dot at the end
	TTL  uint32 // seconds
	Type string // "A" … or "TIMEOUT" …, in upper case

	Target string       // A, AAAA: a host; CNAME, SRV, NAPTR: a name with a dot at the end
	Addrs  []netip.Addr // A, AAAA with an address
	Text   string       // TXT

	Priority, Weight, Port uint16 // SRV; of NAPTR order and preference
	Flags, Service, Regexp string // NAPTR
}

// behaviours are the types that stand for what the server does instead of an answer.
var behaviours = []string{"TIMEOUT", "SERVFAIL", "REFUSED", "NXDOMAIN", "GARBAGE"}

// ParseRecord reads a zone line. The error says what was expected, for those who wrote it.
func ParseRecord(line string) (Record, error) {
	words, err := split(line)
	if err != nil {
		return Record{}, err
	}
	if len(words) < 2 {
		return Record{}, fmt.Errorf("%q is no zone line: expected a name, a type and its data", line)
	}
	r := Record{Name: fqdn(words[0]), TTL: defaultTTL}
	if _, err := dnsmessage.NewName(r.Name); err != nil {
		return Record{}, fmt.Errorf("%q is no name", words[0])
	}
	words = words[1:]
	if ttl, err := strconv.ParseUint(words[0], 10, 31); err == nil && len(words) > 1 {
		r.TTL, words = uint32(ttl), words[1:]
	}
	r.Type = strings.ToUpper(words[0])
	return r, r.parseData(words[1:])
}

// parseData reads what stands behind the type.
func (r *Record) parseData(data []string) error {
	if slices.Contains(behaviours, r.Type) {
		return r.want(data, 0)
	}
	switch r.Type {
	case "A", "AAAA":
		return r.parseAddress(data)
	case "CNAME":
		if err := r.want(data, 1, "a name"); err != nil {
			return err
		}
		return r.target(data[0])
	case "TXT":
		r.Text = strings.Join(data, " ")
		return r.want(data[:min(len(data), 1)], 1, "a text")
	case "SRV":
		return r.parseSRV(data)
	case "NAPTR":
		return r.parseNAPTR(data)
	}
	return fmt.Errorf("unknown type %q; expected A, AAAA, CNAME, NAPTR, SRV, TXT, %s", r.Type, strings.Join(behaviours, ", "))
}

func (r *Record) want(data []string, n int, what ...string) error {
	if len(data) == n {
		return nil
	}
	if n == 0 {
		return fmt.Errorf("%s has no data", r.Type)
	}
	return fmt.Errorf("expected %s after %s", strings.Join(what, ", "), r.Type)
}

func (r *Record) parseAddress(data []string) error {
	if err := r.want(data, 1, "an address or a host"); err != nil {
		return err
	}
	addr, err := netip.ParseAddr(data[0])
	switch {
	case err != nil:
		r.Target = data[0]
	case addr.Is4() != (r.Type == "A"):
		return fmt.Errorf("%s is no address for %s", addr, r.Type)
	default:
		r.Addrs = []netip.Addr{addr}
	}
	return nil
}

func (r *Record) parseSRV(data []string) error {
	if err := r.want(data, 4, "priority", "weight", "port", "target"); err != nil {
		return err
	}
	if err := numbers(data, &r.Priority, &r.Weight, &r.Port); err != nil {
		return err
	}
	return r.target(data[3])
}

// parseNAPTR takes the regular expression before the replacement, which may be left out.
func (r *Record) parseNAPTR(data []string) error {
	if len(data) == 5 {
		data = slices.Insert(slices.Clone(data), 4, "")
	}
	if err := r.want(data, 6, "order", "preference", "flags", "service", "[regexp]", "replacement"); err != nil {
		return err
	}
	r.Flags, r.Service, r.Regexp = data[2], data[3], data[4]
	for _, text := range data[2:5] {
		if len(text) > 255 {
			return fmt.Errorf("%.20q… is too long", text)
		}
	}
	if err := numbers(data, &r.Priority, &r.Weight); err != nil {
		return err
	}
	return r.target(data[5])
}

func (r *Record) target(name string) error {
	r.Target = fqdn(name)
	if _, err := dnsmessage.NewName(r.Target); err != nil {
		return fmt.Errorf("%q is no name", name)
	}
	return nil
}

func numbers(data []string, into ...*uint16) error {
	for i, to := range into {
		n, err := strconv.ParseUint(data[i], 10, 16)
		if err != nil {
			return fmt.Errorf("%q is no number from 0 to 65535", data[i])
		}
		*to = uint16(n)
	}
	return nil
}

// split cuts a line at white space; "quoted text" is one word, without its quotes.
func split(line string) (words []string, err error) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] == '"' {
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("%s has no end", line)
			}
			words, line = append(words, line[1:1+end]), line[2+end:]
			continue
		}
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		words, line = append(words, line[:end]), line[end:]
	}
	return words, nil
}

// fqdn is a name in lower case with a dot at the end.
func fqdn(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") + "." }
