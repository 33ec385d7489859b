package sipserver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	mrand "math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// lab is a network with a server, which is at 192.0.2.1.
type lab struct {
	t      *testing.T
	net    *simnet.Network
	server *sipserver.Server
	tls    *tls.Config
	v6     bool // all addresses are IPv6
	ends   []func()

	mu    sync.Mutex
	trace []string // "alice > server INVITE"
	all   strings.Builder
}

func inLab(t *testing.T, cfg sipserver.Config, body func(l *lab)) *lab {
	t.Helper()
	return (&lab{t: t}).run(cfg, body)
}

func (l *lab) run(cfg sipserver.Config, body func(l *lab)) *lab {
	t := l.t
	t.Helper()
	err := simnet.Bubble(func() {
		l.net = simnet.New(1)
		defer l.net.Close()
		l.tls = certificates(t)
		host := l.host("server")
		l.net.TapSignalling(l.tap)
		cfg.Name, cfg.Net, cfg.Host, cfg.Rand, cfg.TLS = "server", host, host.Addr(), seeded(1), l.tls
		var err error
		if l.server, err = sipserver.New(cfg); err != nil {
			t.Error(err)
			return
		}
		body(l)
		synctest.Wait()
		for _, end := range l.ends {
			end()
		}
		l.server.Close()
		l.server.Close() // once more does no harm
		if open := host.OpenSockets(); len(open) > 0 {
			t.Errorf("left open: %v", open)
		}
	})
	if err != nil {
		t.Error(err)
	}
	return l
}

func seeded(seed byte) io.Reader { return mrand.NewChaCha8([32]byte{seed}) }

func (l *lab) host(name string) *simnet.Host {
	addr := netip.Addr{}
	if l.v6 {
		addr = netip.IPv6Unspecified()
	}
	h, err := l.net.Host(name, addr)
	if err != nil {
		l.t.Fatal(err)
	}
	return h
}

// tap writes down SIP over UDP and, of streams, who talks to whom.
func (l *lab) tap(p simnet.Packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(&l.all, "%v %s>%s %s\n", p.Sent.UnixNano(), p.From, p.To, p.Data)
	if kind := p.Kind(); p.Proto == simnet.UDP && kind.Protocol == simnet.SIP {
		l.trace = append(l.trace, p.From+" > "+p.To+" "+kind.String())
	} else if p.Proto == simnet.TCP {
		l.trace = append(l.trace, p.From+" > "+p.To+" tcp")
	}
}

// between counts the lines of the trace that contain the text.
func (l *lab) between(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.trace {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

func (l *lab) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.trace, "\n")
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// certificates is one certificate for everybody, its own authority. It is made outside of the seed.
func certificates(t *testing.T) *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	for i := range byte(9) {
		template.IPAddresses = append(template.IPAddresses, netip.MustParseAddr(fmt.Sprintf("2001:db8::%d", i)).AsSlice())
		template.IPAddresses = append(template.IPAddresses, net.IPv4(192, 0, 2, i))
	}
	for _, name := range []string{"server", "alice", "bob", "p1", "p2"} {
		template.DNSNames = append(template.DNSNames, name, name+".test")
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, RootCAs: pool}
}

// phone is a party that does nothing by itself.
type phone struct {
	l    *lab
	name string
	addr netip.Addr
	t    *wire.Transport
	seq  uint32

	mu   sync.Mutex
	got  []wire.Message
	seen map[string]bool // requests: copies are left out
}

func (l *lab) phone(name string) *phone {
	host := l.host(name)
	p := &phone{l: l, name: name, addr: host.Addr(), seen: map[string]bool{}}
	t, err := wire.Listen(wire.Config{
		Net: host, Host: host.Addr(), TLS: l.tls, UDPPort: 5060, TCPPort: 5060, TLSPort: 5061,
		Handler: func(m wire.Message) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if req := m.Request(); req != nil && req.Method != sip.ACK {
				key := string(req.Method) + req.Via().Value()
				if p.seen[key] {
					return
				}
				p.seen[key] = true
			}
			p.got = append(p.got, m)
		},
	})
	if err != nil {
		l.t.Fatal(err)
	}
	p.t = t
	l.ends = append(l.ends, t.Close)
	return p
}

// request builds a request outside a dialog; lines are further header fields.
func (p *phone) request(method, uri string, lines ...string) *sip.Request {
	p.seq++
	text := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s%d\r\n", method, uri, p.addr, p.name, p.seq)
	for name, value := range map[string]string{
		"From": "<sip:" + p.name + "@" + p.name + ".test>;tag=" + p.name, "To": "<" + uri + ">", "Max-Forwards": "70",
		"Call-ID": p.name + "-call", "CSeq": fmt.Sprint(p.seq, " ", method), "Contact": fmt.Sprintf("<sip:%s@%s:5060>", p.name, p.addr),
	} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+":") }) {
			text += name + ": " + value + "\r\n"
		}
	}
	for _, line := range lines {
		if !strings.HasSuffix(line, ": ") {
			text += line + "\r\n"
		}
	}
	r := wire.Inspect([]byte(text+"\r\n"), false, netip.AddrPortFrom(p.addr, 5060))
	if r.Msg == nil {
		p.l.t.Fatalf("%s:\n%s", r.Reason, text)
	}
	return r.Msg.(*sip.Request)
}

// send sends a message to the server.
func (p *phone) send(msg sip.Message) {
	to, _ := p.l.server.Addr("udp")
	p.t.Send(msg, wire.Destination{Transport: "udp", Addr: to}, nil)
}

// take gives what has come within a second, and forgets it.
func (p *phone) take() []wire.Message {
	pass(time.Second)
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

// codes are the responses among the messages, methods stand for requests.
func codes(got []wire.Message) string {
	var list []string
	for _, m := range got {
		if res := m.Response(); res != nil {
			list = append(list, fmt.Sprint(res.StatusCode))
		} else {
			list = append(list, string(m.Request().Method))
		}
	}
	return strings.Join(list, " ")
}

// ask sends a request and gives its final response.
func (p *phone) ask(req *sip.Request) *sip.Response {
	p.send(req)
	for _, m := range p.take() {
		if res := m.Response(); res != nil && res.StatusCode >= 200 {
			return res
		}
	}
	p.l.t.Errorf("no response to %s", req.StartLine())
	return sip.NewResponse(999, "")
}

// respond answers a request that has come.
func (p *phone) respond(m wire.Message, code int, lines ...string) {
	res := wire.NewResponse(m.Request(), code, "", p.name)
	res.AppendHeader(sip.NewHeader("Contact", fmt.Sprintf("<sip:%s@%s:5060>", p.name, p.addr)))
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		res.AppendHeader(sip.NewHeader(name, value))
	}
	p.t.Send(res, wire.ResponseDestination(m), nil)
}

// credentials answer a challenge.
func credentials(res *sip.Response, req *sip.Request, user, password string, count int, change func(*digest.Credentials)) string {
	name, header := "www-authenticate", "Authorization: "
	if res.StatusCode == 407 {
		name, header = "proxy-authenticate", "Proxy-Authorization: "
	}
	c, err := digest.ParseChallenge(res.GetHeader(name).Value())
	if err != nil {
		panic(err)
	}
	answer, err := digest.Digest(c, digest.Options{
		Method: string(req.Method), URI: req.Recipient.String(), Username: user, Password: password, Count: count, Cnonce: "0123456789abcdef",
	})
	if err != nil {
		panic(err)
	}
	if change != nil {
		change(answer)
	}
	return header + answer.String()
}

// header is the value of a field, "" without it.
func header(msg interface{ GetHeader(string) sip.Header }, name string) string {
	if h := msg.GetHeader(name); h != nil {
		return h.Value()
	}
	return ""
}

var description = []byte("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")

func mustAddr(l *lab) netip.AddrPort {
	addr, _ := l.server.Addr("udp")
	return addr
}
