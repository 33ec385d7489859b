package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// exchange is one query on its way: all that is needed to recognise its answer.
type exchange struct {
	r       *Resolver
	q       question
	id      uint16
	query   []byte
	servers []netip.AddrPort
	failed  map[netip.AddrPort]bool // answered, but not the question
	end     time.Time
}

// ask puts a question to the name servers and returns the first answer that tells something: records, or that there
// are none. Every second without one the next server is asked.
func (r *Resolver) ask(ctx context.Context, q question, servers []netip.AddrPort) (response, error) {
	var id [2]byte
	r.random(id[:])
	x := &exchange{r: r, q: q, id: binary.BigEndian.Uint16(id[:]), servers: servers, failed: map[netip.AddrPort]bool{}}
	var err error
	if x.query, err = newQuery(x.id, q); err != nil {
		return response{}, ErrNoRecord // there is no such name
	}
	x.end = time.Now().Add(r.cfg.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(x.end) {
		x.end = d
	}
	conn, err := r.cfg.Net.ListenPacket("udp", ":0")
	if err != nil {
		return response{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	res, err := x.overUDP(conn)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return response{}, ctx.Err()
	case ctx.Err() != nil:
		return response{}, ErrTimeout
	}
	return res, err
}

// overUDP sends the query to one server after the other and listens to all that were asked.
func (x *exchange) overUDP(conn net.PacketConn) (response, error) {
	for i := 0; ; i++ {
		server, ok := x.pick(i)
		if !ok {
			return response{}, errServers
		}
		if _, err := conn.WriteTo(x.query, net.UDPAddrFromAddrPort(server)); err != nil {
			x.failed[server] = true // no way there
			if errors.Is(err, net.ErrClosed) {
				return response{}, err
			}
			continue
		}
		until := time.Now().Add(resendAfter)
		if until.After(x.end) {
			until = x.end
		}
		res, from, err := x.listen(conn, until)
		switch {
		case err == nil && res.truncated:
			return x.overTCP(from)
		case err == nil:
			return res, nil
		case errors.Is(err, errServers):
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return response{}, err
		case !time.Now().Before(x.end):
			return response{}, ErrTimeout
		}
	}
}

// pick is the i-th server to ask, among those that have not failed.
func (x *exchange) pick(i int) (netip.AddrPort, bool) {
	for k := range x.servers {
		if s := x.servers[(i+k)%len(x.servers)]; !x.failed[s] {
			return s, true
		}
	}
	return netip.AddrPort{}, false
}

// listen reads until an answer comes or the time is over; errServers when a server says that it cannot answer.
func (x *exchange) listen(conn net.PacketConn, until time.Time) (response, netip.AddrPort, error) {
	if err := conn.SetReadDeadline(until); err != nil {
		return response{}, netip.AddrPort{}, err
	}
	buf := make([]byte, 4096)
	for {
		size, source, err := conn.ReadFrom(buf)
		if err != nil {
			return response{}, netip.AddrPort{}, err
		}
		from, ok := addrPort(source)
		if !ok || !slices.Contains(x.servers, from) {
			continue
		}
		res, err := readResponse(buf[:size], x.id, x.q)
		if err != nil {
			continue
		}
		if !res.tells() {
			x.failed[from] = true
			return response{}, from, errServers
		}
		return res, from, nil
	}
}

// tells is false for SERVFAIL, REFUSED and the like.
func (r response) tells() bool {
	return r.code == dnsmessage.RCodeSuccess || r.code == dnsmessage.RCodeNameError
}

func addrPort(a net.Addr) (netip.AddrPort, bool) {
	udp, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	ap := udp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().WithZone("").Unmap(), ap.Port()), true
}

// overTCP asks again where the answer does not fit into a datagram (RFC 7766).
func (x *exchange) overTCP(server netip.AddrPort) (response, error) {
	dialer := x.r.cfg.Net.CreateDialer(&net.Dialer{Deadline: x.end})
	conn, err := dialer.Dial("tcp", server.String())
	if err != nil {
		return response{}, x.late(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(x.end)
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(x.query)))
	if _, err := conn.Write(append(framed, x.query...)); err != nil {
		return response{}, x.late(err)
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return response{}, x.late(err)
	}
	data := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, data); err != nil {
		return response{}, x.late(err)
	}
	res, err := readResponse(data, x.id, x.q)
	if err != nil || !res.tells() {
		return response{}, errServers
	}
	return res, nil
}

// late tells a time-out from other failures of a connection.
func (x *exchange) late(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) || !time.Now().Before(x.end) {
		return ErrTimeout
	}
	return errServers
}
