package core_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
)

// user answers or makes a call and notes what it hears.
type user struct {
	box   mailbox.Mailbox
	mu    sync.Mutex // guards heard and inv of a callee
	inv   *core.Invitation
	heard []string
}

// text are the events so far.
func (u *user) text() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return strings.Join(u.heard, " ")
}

func (u *user) HandleInvitation(event core.InvitationEvent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.heard = append(u.heard, strings.TrimPrefix(fmt.Sprintf("%T", event), "core."))
	if _, ok := event.(core.Accepted); ok {
		u.inv.Acknowledge(nil)
	}
}

// pass lets virtual time pass and everything happen that happens by then.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// certificate is one for bob.test and its authority, itself.
func certificate(t *testing.T) *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		DNSNames: []string{"bob.test"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, RootCAs: pool}
}

// simulatedCall runs a call over a simulated network, hung up by the callee,
// and returns what both heard and everything that was on the wire.
func simulatedCall(t *testing.T, transport string, addrs ...string) (alice, bob *user, trace string) {
	alice, bob = &user{}, &user{}
	var octets bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		network := simnet.New(1)
		defer network.Close()
		next := func() (addr netip.Addr) {
			if len(addrs) > 0 {
				addr, addrs = netip.MustParseAddr(addrs[0]), addrs[1:]
			}
			return addr
		}
		engine := func(name string, config *tls.Config, onInvite func(*core.Invitation)) *core.Engine {
			host, err := network.Host(name, next())
			if err != nil {
				t.Fatal(err)
			}
			network.AddName(name+".test", host.Addr())
			cfg := core.Config{
				Net: host, Rand: mrand.NewChaCha8([32]byte{byte(len(name))}), TLS: config, OnInvite: onInvite, Host: host.Addr(),
				UDPPort: 5060, TCPPort: 5060, TLSPort: 5061,
			}
			if name == "alice" {
				cfg.Trace = func(e wire.TraceEntry) { octets.Write(e.Data) }
			}
			e, err := core.NewEngine(cfg)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		config := certificate(t)
		a := engine("alice", config, nil)
		b := engine("bob", config, func(i *core.Invitation) {
			bob.inv = i
			i.Attach(&bob.box, bob)
			bob.box.Post(func() {
				i.Progress(180, "", nil)
				i.Accept(core.Answer{SDP: []byte(description)})
			})
		})
		from, _ := core.ParseAddress("<sip:alice@alice.test>")
		to, _ := core.ParseAddress("<sip:bob@bob.test>")
		alice.inv = a.NewInvitation(&alice.box, alice, core.OutgoingParams{From: from, To: to})
		alice.box.Post(func() {
			alice.inv.Invite(core.Attempt{
				Route: core.Route{Address: "bob.test", Transport: transport}, Contact: sip.Uri{User: "alice"}, SDP: []byte(description),
			})
		})
		pass(5 * time.Second)
		if bob.inv != nil {
			bob.box.Post(func() { bob.inv.Bye(0, "") })
		}
		pass(5 * time.Second)
		a.Close()
		b.Close()
		a.Close() // once more does no harm
		synctest.Wait()
	})
	return alice, bob, octets.String()
}

const description = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"

func TestCallOverSimulatedNetwork(t *testing.T) {
	for name, addrs := range map[string][]string{
		"udp": nil, "tcp": nil, "tls": nil,
		"udp6": {"2001:db8::1", "2001:db8::2"}, "tcp6": {"2001:db8::1", "2001:db8::2"},
	} {
		t.Run(name, func(t *testing.T) {
			transport := strings.TrimSuffix(name, "6")
			alice, bob, trace := simulatedCall(t, transport, addrs...)
			if got, want := alice.text(), "Provisional Accepted ByeReceived"; got != want {
				t.Errorf("alice heard %q, want %q\n%s", got, want, trace)
			}
			if got, want := bob.text(), "Acknowledged ByeDone"; got != want {
				t.Errorf("bob heard %q, want %q\n%s", got, want, trace)
			}
			if bob.inv == nil || bob.inv.Transport() != transport || alice.inv.Transport() != transport {
				t.Error("wrong transport")
			}
		})
	}
}

// The same seeds give the same octets.
func TestCallsRepeat(t *testing.T) {
	_, _, first := simulatedCall(t, "udp")
	for range 20 {
		if _, _, again := simulatedCall(t, "udp"); again != first {
			t.Fatalf("another trace\n%s\n--- instead of ---\n%s", again, first)
		}
	}
}

func TestTransportFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := simnet.New(1)
		defer network.Close()
		host, err := network.Host("alice", netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := network.Host("nobody", netip.Addr{}); err != nil {
			t.Fatal(err)
		}
		e, err := core.NewEngine(core.Config{Net: host, TLSPort: -1, Host: host.Addr()})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for _, route := range []core.Route{
			{Address: "nobody", Transport: "tcp"},  // refuses
			{Address: "unknown.test"},              // no such name
			{Address: "nobody", Transport: "tls"},  // no TLS here
			{Address: "2001:db8::1"},               // no address of ours of that family
			{Address: "nobody", Transport: "sctp"}, // unknown
		} {
			u := &user{}
			u.inv = e.NewInvitation(&u.box, u, core.OutgoingParams{})
			u.box.Post(func() { u.inv.Invite(core.Attempt{Route: route}) })
			pass(time.Minute)
			if got := u.text(); got != "TransportFailed" {
				t.Errorf("%v: heard %q", route, got)
			}
		}
		if _, err := e.LocalAddrFor(core.Route{Address: "2001:db8::1"}); err == nil || err.Error() != "could not get outgoing IP address" {
			t.Errorf("no address: %v", err)
		}
		if _, err := e.ContactFor("x", core.Route{Address: "nobody", Transport: "tls"}); err == nil || err.Error() != "unsupported transport: tls" {
			t.Errorf("no TLS: %v", err)
		}
		if uri, err := e.ContactFor("x", core.Route{Address: "nobody", Transport: "tcp"}); err != nil || !strings.HasSuffix(uri.String(), ";transport=tcp") {
			t.Errorf("contact %s, %v", uri.String(), err)
		}
	})
}
