package sipserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Config describes a Server.
type Config struct {
	Name string        // host name: NAME and NAME.test mean the server itself
	Net  transport.Net // its host; required
	Host netip.Addr    // its address; required
	Port int           // of udp and tcp, tls has the one above; 0 means 5060, negative any free ones
	TLS  *tls.Config   // nil: no TLS
	Rand io.Reader     // tags, branches, nonces; required

	Registrar bool // takes REGISTER, and sends requests for what is registered there
	Proxy     bool // forwards requests
	// Domains are those the registrar is there for, beside its own name and address. Without any it takes every REGISTER
	// that reaches it.
	Domains []string

	// Users are the digest accounts, passwords by user name; empty: no authentication. A registrar challenges every
	// REGISTER, a proxy the requests outside of dialogs that come from one of the users.
	Users      map[string]string
	Challenge  int           // 401 or 407; 0 means 401 for REGISTER, 407 for the rest
	Realm      string        // "" means NAME.test
	Algorithms []string      // offered, best first; nil means SHA-256 and MD5
	Nonces     time.Duration // how long a nonce lasts; 0 means 5 minutes

	Expires    time.Duration // longest registration, and that of a REGISTER that does not say; 0 means an hour
	MinExpires time.Duration // shorter ones are refused with 423; 0 means none
	GRUU       bool          // the registrar gives GRUUs to those who support them (RFC 5627)

	// Forks are the branches of a user: URIs, or names of hosts with the user of that name (p1 = sip:p1@p1.test).
	Forks map[string][]string
	// Answers are what the first requests of a method get, one after another; "*" stands for every method that is not
	// named. Then comes normal service.
	Answers map[string][]Answer
	// NoRecordRoute keeps the proxy out of the dialogs that it helps to make.
	NoRecordRoute bool

	// FixContacts writes where a message has come from into a Contact with another address, as a proxy does that is there
	// for parties behind NATs which do not know their addresses outside: requests of the dialog then find back.
	FixContacts bool

	// Resolve finds the address of a host for a transport ("udp", "tcp", "tls"); port 0 means that of the URI, or the
	// standard one. It must not block. nil means the look-up of Net.
	Resolve func(host, transport string) (netip.AddrPort, error)
	Changed func()                // something can be seen in Bindings or Requests; must not block; may be nil
	Trace   func(wire.TraceEntry) // may be nil
	Logger  *slog.Logger          // nil discards
}

// Answer is what a request gets instead of normal service.
type Answer struct {
	Forward bool // normal service, but without authentication
	Silent  bool // nothing at all, not even for copies of the request
	// Code of the response otherwise. 401 and 407 carry a challenge with a good nonce; behind a 1xx the same request gets
	// the next answer too.
	Code int
	// Reason is the phrase; "" means the standard one.
	Reason string
	Stale  bool // of the challenge
	// Expires is what a 2xx to REGISTER claims to have granted, in its Contact; any text. The binding itself is made, or
	// removed, as asked for.
	Expires string
	Headers []Header // added; a header that is there already is replaced
	Body    string
	After   time.Duration // how long to think
}

// Header is a header field of an Answer.
type Header struct{ Name, Value string }

// ParseAnswer reads "forward", "silent" or a status code.
func ParseAnswer(word string) (Answer, error) {
	switch word {
	case "forward":
		return Answer{Forward: true}, nil
	case "silent":
		return Answer{Silent: true}, nil
	}
	code := 0
	for _, digit := range word {
		if digit < '0' || digit > '9' || code > 999 {
			code = -1
			break
		}
		code = 10*code + int(digit-'0')
	}
	if code < 100 || code > 699 {
		return Answer{}, fmt.Errorf("%q is no answer of a server: expected forward, silent or a code from 100 to 699", word)
	}
	return Answer{Code: code}, nil
}

// Algorithms of RFC 8760.
var algorithms = []string{"SHA-512-256", "SHA-256", "MD5"}

// withDefaults validates the configuration and fills in the defaults.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Net == nil || c.Rand == nil || !c.Host.IsValid():
		return c, errors.New("sipserver: a network, an address and a source of chance are required")
	case c.Challenge != 0 && c.Challenge != 401 && c.Challenge != 407:
		return c, fmt.Errorf("sipserver: a challenge is 401 or 407, not %d", c.Challenge)
	case !c.Registrar && !c.Proxy:
		return c, errors.New("sipserver: neither registrar nor proxy")
	}
	if c.Realm == "" {
		c.Realm = c.Name + ".test"
	}
	if len(c.Algorithms) == 0 {
		c.Algorithms = []string{"SHA-256", "MD5"}
	}
	for _, a := range c.Algorithms {
		if !slices.Contains(algorithms, a) {
			return c, fmt.Errorf("sipserver: unknown algorithm %q; expected %s", a, strings.Join(algorithms, ", "))
		}
	}
	if c.Nonces <= 0 {
		c.Nonces = 5 * time.Minute
	}
	if c.Expires <= 0 {
		c.Expires = time.Hour
	}
	if c.Resolve == nil {
		c.Resolve = netResolver(c.Net, c.Host)
	}
	return c, nil
}

// netResolver takes the first address of our own family.
func netResolver(n transport.Net, own netip.Addr) func(host, transport string) (netip.AddrPort, error) {
	return func(host, _ string) (netip.AddrPort, error) {
		network := "ip6"
		if own.Unmap().Is4() {
			network = "ip4"
		}
		found, err := n.ResolveIPAddr(network, host)
		if err != nil {
			return netip.AddrPort{}, err
		}
		addr, ok := netip.AddrFromSlice(found.IP)
		if !ok {
			return netip.AddrPort{}, fmt.Errorf("no address for %q", host)
		}
		return netip.AddrPortFrom(addr.Unmap(), 0), nil
	}
}

// ports are those of the wire package for UDP and TCP, and for TLS.
func (c Config) ports() (plain, secure int) {
	switch {
	case c.Port == 0:
		plain, secure = 5060, 5061
	case c.Port > 0:
		plain, secure = c.Port, c.Port+1
	}
	if c.TLS == nil {
		secure = -1
	}
	return plain, secure
}
