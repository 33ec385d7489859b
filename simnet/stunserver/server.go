// Package stunserver is a STUN server: it answers binding requests over UDP (RFC 5389), and from another address or port
// where the request asks for that (CHANGE-REQUEST of RFC 3489 and RFC 5780), so that clients can find out what kind of
// NAT they are behind. It sees the network through transport.Net and runs in virtual time as well as on sockets.
package stunserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/pion/stun/v4"
	"github.com/pion/transport/v5"
)

// The ports of STUN (RFC 5389 section 9); the second one serves CHANGE-REQUEST.
const (
	DefaultPort          = 3478
	DefaultAlternatePort = 3479
)

// Config describes a Server.
type Config struct {
	Net  transport.Net // required
	Host netip.Addr    // its address; required
	// Alternate is a second address of the same host. Without one the server cannot change its address: requests that
	// want it to are refused with 420, and no OTHER-ADDRESS is told.
	Alternate netip.Addr
	Port      int // 0 means DefaultPort
	// AlternatePort is the second port; 0 means DefaultAlternatePort.
	AlternatePort int
}

// Server is a running STUN server.
type Server struct {
	cfg     Config
	sockets [2][2]*socket // by address, then port
	reading sync.WaitGroup

	mu       sync.Mutex
	requests int
}

type socket struct {
	net.PacketConn
	address, port int
	local         netip.AddrPort
}

// New opens the sockets and answers until Close.
func New(cfg Config) (*Server, error) {
	if cfg.Net == nil || !cfg.Host.IsValid() {
		return nil, errors.New("stunserver: a network and an address are required")
	}
	if cfg.Port == 0 {
		cfg.Port = DefaultPort
	}
	if cfg.AlternatePort == 0 {
		cfg.AlternatePort = DefaultAlternatePort
	}
	s := &Server{cfg: cfg}
	addrs := []netip.Addr{cfg.Host}
	if cfg.Alternate.IsValid() {
		addrs = append(addrs, cfg.Alternate)
	}
	for a, addr := range addrs {
		for p, port := range []int{cfg.Port, cfg.AlternatePort} {
			if err := s.open(a, p, netip.AddrPortFrom(addr, uint16(port))); err != nil {
				s.Close()
				return nil, fmt.Errorf("stunserver: %w", err)
			}
		}
	}
	s.each(func(c *socket) { s.reading.Go(func() { s.read(c) }) })
	return s, nil
}

func (s *Server) open(address, port int, local netip.AddrPort) error {
	conn, err := s.cfg.Net.ListenPacket("udp", local.String())
	if err != nil {
		return err
	}
	s.sockets[address][port] = &socket{conn, address, port, local}
	return nil
}

func (s *Server) each(f func(*socket)) {
	for _, pair := range s.sockets {
		for _, c := range pair {
			if c != nil {
				f(c)
			}
		}
	}
}

// Addr is the address at which clients ask.
func (s *Server) Addr() netip.AddrPort { return s.sockets[0][0].local }

// Requests is the number of valid binding requests so far.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Close closes the sockets and waits.
func (s *Server) Close() {
	s.each(func(c *socket) { _ = c.PacketConn.Close() })
	s.reading.Wait()
}

func (s *Server) read(c *socket) {
	buf := make([]byte, 1500)
	for {
		size, from, err := c.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		source, ok := addrPort(from)
		if err != nil || !ok {
			continue
		}
		if answer, out := s.answer(c, buf[:size], source); answer != nil {
			_, _ = out.WriteTo(answer.Raw, from)
		}
	}
}

// addrPort is the address of a UDP peer.
func addrPort(a net.Addr) (netip.AddrPort, bool) {
	udp, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	ap := udp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
}

// answer is the response to what came, nil for none, and the socket to send it from.
func (s *Server) answer(c *socket, data []byte, source netip.AddrPort) (*stun.Message, *socket) {
	m := &stun.Message{Raw: append([]byte(nil), data...)}
	if !stun.IsMessage(data) || m.Decode() != nil || m.Type != stun.BindingRequest {
		return nil, nil
	}
	if m.Contains(stun.AttrFingerprint) && stun.Fingerprint.Check(m) != nil {
		return nil, nil
	}
	s.mu.Lock()
	s.requests++
	s.mu.Unlock()
	if unknown := s.unknown(m); len(unknown) > 0 {
		return refusal(m, unknown), c
	}
	changeAddress, changePort := changes(m)
	out := s.sockets[flip(c.address, changeAddress)][flip(c.port, changePort)]
	return s.success(m, c, out, source), out
}

func flip(i int, change bool) int {
	if change {
		return 1 - i
	}
	return i
}

// changes are the flags of CHANGE-REQUEST (RFC 5780 section 7.2).
func changes(m *stun.Message) (address, port bool) {
	value, err := m.Get(stun.AttrChangeRequest)
	if err != nil || len(value) != 4 {
		return false, false
	}
	return value[3]&4 != 0, value[3]&2 != 0
}

// unknown are the attributes that must be understood and are not (RFC 5389 section 7.3.1).
func (s *Server) unknown(m *stun.Message) (list stun.UnknownAttributes) {
	for _, a := range m.Attributes {
		switch {
		case a.Type >= 0x8000:
		case a.Type == stun.AttrChangeRequest && s.sockets[1][0] != nil:
		case a.Type == stun.AttrUsername, a.Type == stun.AttrMessageIntegrity, a.Type == stun.AttrPriority,
			a.Type == stun.AttrUseCandidate:
		default:
			list = append(list, a.Type)
		}
	}
	return list
}

func refusal(m *stun.Message, unknown stun.UnknownAttributes) *stun.Message {
	res, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingError,
		stun.CodeUnknownAttribute, unknown, stun.Fingerprint)
	if err != nil {
		return nil
	}
	return res
}

// success builds a binding response. Old and new attributes say the same.
func (s *Server) success(m *stun.Message, in, out *socket, source netip.AddrPort) *stun.Message {
	setters := []stun.Setter{
		stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: source.Addr().AsSlice(), Port: int(source.Port())},
		plain{stun.AttrMappedAddress, source},
		plain{stun.AttrSourceAddress, out.local}, plain{stun.AttrResponseOrigin, out.local},
	}
	if other := s.sockets[1-in.address][1-in.port]; other != nil {
		setters = append(setters, plain{stun.AttrChangedAddress, other.local}, plain{stun.AttrOtherAddress, other.local})
	}
	res, err := stun.Build(append(setters, stun.Fingerprint)...)
	if err != nil {
		return nil
	}
	return res
}

// plain is an address that is not masked.
type plain struct {
	attr stun.AttrType
	addr netip.AddrPort
}

// AddTo adds the attribute.
func (p plain) AddTo(m *stun.Message) error {
	a := stun.MappedAddress{IP: p.addr.Addr().AsSlice(), Port: int(p.addr.Port())}
	return a.AddToAs(m, p.attr)
}
