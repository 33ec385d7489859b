package dnsserver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/transport/v5"
)

// Config describes a Server.
type Config struct {
	Net  transport.Net // required
	Host netip.Addr    // its address; required
	Port int           // 0 means 53
	Zone []string      // zone lines
	// Lookup finds hosts of the laboratory by name, without a dot at the end; nil means the names that Net knows, if it
	// has the method LookupHost of *simnet.Host. It must not block.
	Lookup func(name string) []netip.Addr
}

// Query is a question that was asked.
type Query struct {
	Name, Type string // as in a zone line
	Proto      string // "udp" or "tcp"
	From       netip.AddrPort
}

const (
	maxQueries  = 10_000           // remembered
	maxConns    = 64               // TCP connections at a time
	idleTimeout = 10 * time.Second // of a TCP connection
)

// Server is a running DNS server.
type Server struct {
	cfg  Config
	zone map[string][]Record // by name, in the order of the lines

	udp     net.PacketConn
	tcp     net.Listener
	running sync.WaitGroup

	mu      sync.Mutex
	closing bool
	queries []Query
	conns   []net.Conn
}

// New reads the zone, opens the sockets and answers until Close.
func New(cfg Config) (*Server, error) {
	if cfg.Net == nil || !cfg.Host.IsValid() {
		return nil, errors.New("dnsserver: a network and an address are required")
	}
	if cfg.Port == 0 {
		cfg.Port = 53
	}
	if known, ok := cfg.Net.(interface {
		LookupHost(name string) ([]netip.Addr, error)
	}); ok && cfg.Lookup == nil {
		cfg.Lookup = func(name string) []netip.Addr {
			addrs, _ := known.LookupHost(name)
			return addrs
		}
	}
	s := &Server{cfg: cfg, zone: map[string][]Record{}}
	for i, line := range cfg.Zone {
		r, err := ParseRecord(line)
		if err != nil {
			return nil, fmt.Errorf("dnsserver: line %d: %w", i+1, err)
		}
		s.zone[r.Name] = append(s.zone[r.Name], r)
	}
	local := netip.AddrPortFrom(cfg.Host, uint16(cfg.Port))
	var err error
	if s.udp, err = cfg.Net.ListenPacket("udp", local.String()); err != nil {
		return nil, fmt.Errorf("dnsserver: %w", err)
	}
	if s.tcp, err = cfg.Net.ListenTCP("tcp", net.TCPAddrFromAddrPort(local)); err != nil {
		_ = s.udp.Close()
		return nil, fmt.Errorf("dnsserver: %w", err)
	}
	s.running.Go(s.readUDP)
	s.running.Go(s.accept)
	return s, nil
}

// Addr is the address at which clients ask.
func (s *Server) Addr() netip.AddrPort { return netip.AddrPortFrom(s.cfg.Host, uint16(s.cfg.Port)) }

// Queries are the questions so far, in order; the first 10 000 of them.
func (s *Server) Queries() []Query {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.queries)
}

func (s *Server) note(q Query) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queries) < maxQueries {
		s.queries = append(s.queries, q)
	}
}

// Close closes the sockets and waits.
func (s *Server) Close() {
	s.mu.Lock()
	s.closing = true
	conns := slices.Clone(s.conns)
	s.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
	}
	_ = s.udp.Close()
	_ = s.tcp.Close()
	s.running.Wait()
}

func (s *Server) readUDP() {
	buf := make([]byte, 4096)
	for {
		size, from, err := s.udp.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		source, _ := netip.ParseAddrPort(addrText(from))
		if err != nil || !source.IsValid() {
			continue
		}
		if answer := s.answer(buf[:size], source, "udp"); answer != nil {
			_, _ = s.udp.WriteTo(answer, from)
		}
	}
}

func addrText(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

func (s *Server) accept() {
	for {
		conn, err := s.tcp.Accept()
		if err != nil {
			return
		}
		if !s.admit(conn) {
			_ = conn.Close()
			continue
		}
		s.running.Go(func() {
			s.serve(conn)
			_ = conn.Close()
			s.mu.Lock()
			s.conns = slices.DeleteFunc(s.conns, func(c net.Conn) bool { return c == conn })
			s.mu.Unlock()
		})
	}
}

func (s *Server) admit(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.conns) >= maxConns {
		return false
	}
	s.conns = append(s.conns, conn)
	return true
}

// serve answers the queries of a connection (RFC 7766): each has its length in front.
func (s *Server) serve(conn net.Conn) {
	source, _ := netip.ParseAddrPort(addrText(conn.RemoteAddr()))
	for {
		_ = conn.SetDeadline(time.Now().Add(idleTimeout))
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		answer := s.answer(query, source, "tcp")
		if answer == nil {
			continue
		}
		framed := binary.BigEndian.AppendUint16(nil, uint16(len(answer)))
		if _, err := conn.Write(append(framed, answer...)); err != nil {
			return
		}
	}
}
