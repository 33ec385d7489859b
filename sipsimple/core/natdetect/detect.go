package natdetect

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/transport/v5"
)

// Config says where to ask.
type Config struct {
	Net    transport.Net  // required
	Local  netip.Addr     // our address, which the socket is bound to; required
	Server netip.AddrPort // of the STUN server; required
	Rand   io.Reader      // of transaction ids; nil means crypto/rand
}

// Times of a request (RFC 3489 section 9.3): it is repeated after 100 ms, 200 ms and so on, nine times in all, and given
// up after 9.5 s.
const (
	firstInterval = 100 * time.Millisecond
	lastInterval  = 1600 * time.Millisecond
	transmissions = 9
)

// Detect asks the server and gives the kind of NAT between it and us. It blocks, for 38 s at most: each of the four
// tests gives up after 9.5 s without an answer. A result of ErrUnknown comes with an error, Blocked (no answer at all)
// without. The error is that of ctx when it ends first.
func Detect(ctx context.Context, cfg Config) (Type, error) {
	if cfg.Net == nil || !cfg.Local.IsValid() || !cfg.Server.IsValid() {
		return Unknown, errors.New("NAT detection: network, local address and server are required")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	conn, err := cfg.Net.ListenPacket("udp", netip.AddrPortFrom(cfg.Local, 0).String())
	if err != nil {
		return ErrUnknown, fmt.Errorf("NAT detection: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return ErrUnknown, fmt.Errorf("NAT detection: %w", err)
	}
	server := netip.AddrPortFrom(cfg.Server.Addr().Unmap(), cfg.Server.Port())
	result, err := walk(&client{conn: conn, rand: cfg.Rand}, &machine{local: local, server: server})
	if ctx.Err() != nil {
		return Unknown, ctx.Err()
	}
	if err != nil {
		return result, fmt.Errorf("NAT detection: %w", err)
	}
	return result, nil
}

// walk does the tests that the machine wants.
func walk(c *client, m *machine) (Type, error) {
	t := m.first()
	for {
		a, err := c.ask(t)
		if err != nil {
			return ErrUnknown, err
		}
		next, result, done, err := m.next(a)
		if done {
			return result, err
		}
		t = next
	}
}

type client struct {
	conn net.PacketConn
	rand io.Reader
}

// ask sends a request until its answer comes.
func (c *client) ask(t test) (answer, error) {
	request, err := c.request(t)
	if err != nil {
		return answer{}, err
	}
	interval := firstInterval
	for range transmissions {
		if _, err := c.conn.WriteTo(request.Raw, net.UDPAddrFromAddrPort(t.to)); err != nil {
			return answer{}, err
		}
		a, err := c.await(request, time.Now().Add(interval))
		if err != nil || a.ok {
			return a, err
		}
		interval = min(2*interval, lastInterval)
	}
	return answer{}, nil
}

func (c *client) request(t test) (*stun.Message, error) {
	var id [stun.TransactionIDSize]byte
	if _, err := io.ReadFull(c.rand, id[:]); err != nil {
		return nil, err
	}
	setters := []stun.Setter{stun.NewTransactionIDSetter(id), stun.BindingRequest}
	if t.changeAddress || t.changePort {
		setters = append(setters, changeRequest(t))
	}
	return stun.Build(setters...)
}

// changeRequest is the attribute of RFC 5780 section 7.2.
type changeRequest test

// AddTo adds the attribute.
func (r changeRequest) AddTo(m *stun.Message) error {
	var flags byte
	if r.changeAddress {
		flags |= 4
	}
	if r.changePort {
		flags |= 2
	}
	m.Add(stun.AttrChangeRequest, []byte{0, 0, 0, flags})
	return nil
}

// await reads until the answer comes or the time is over. Whatever else comes is ignored; where the answer comes from
// does not matter, its transaction id does.
func (c *client) await(request *stun.Message, until time.Time) (answer, error) {
	if err := c.conn.SetReadDeadline(until); err != nil {
		return answer{}, err
	}
	buf := make([]byte, 1500)
	for {
		size, _, err := c.conn.ReadFrom(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return answer{}, nil
		case errors.Is(err, net.ErrClosed):
			return answer{}, err
		case err != nil: // an ICMP error is as good as nothing
			if time.Now().After(until) {
				return answer{}, nil
			}
			continue
		}
		if a, ok := read(buf[:size], request.TransactionID); ok {
			return a, nil
		}
	}
}

// read takes a response apart.
func read(data []byte, id [stun.TransactionIDSize]byte) (answer, bool) {
	m := &stun.Message{Raw: append([]byte(nil), data...)}
	if !stun.IsMessage(data) || m.Decode() != nil || m.TransactionID != id || m.Type != stun.BindingSuccess {
		return answer{}, false
	}
	a := answer{ok: true, other: plainAddress(m, stun.AttrChangedAddress, stun.AttrOtherAddress)}
	var mapped stun.XORMappedAddress
	if mapped.GetFrom(m) == nil {
		a.mapped = addrPort(mapped.IP, mapped.Port)
	} else {
		a.mapped = plainAddress(m, stun.AttrMappedAddress)
	}
	return a, a.mapped.IsValid()
}

// plainAddress is the first of the attributes that is there.
func plainAddress(m *stun.Message, attributes ...stun.AttrType) netip.AddrPort {
	for _, attr := range attributes {
		var a stun.MappedAddress
		if a.GetFromAs(m, attr) == nil {
			return addrPort(a.IP, a.Port)
		}
	}
	return netip.AddrPort{}
}

func addrPort(ip net.IP, port int) netip.AddrPort {
	addr, ok := netip.AddrFromSlice(ip)
	if !ok || port <= 0 || port > 65535 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port))
}
