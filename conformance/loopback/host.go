package loopback

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/pion/transport/v5"
)

// Host is one machine of the network as a program on it sees it.
type Host struct {
	n    *Network
	name string

	swallows atomic.Bool

	mu    sync.Mutex
	addrs []netip.Addr
	open  map[string]int // sockets that are open
}

var _ transport.Net = (*Host)(nil)

// Swallow makes the host a black hole, or a good host again: to connect to it takes
// until the time is over.
func (h *Host) Swallow(on bool) { h.swallows.Store(on) }

// Name is what the host was made with.
func (h *Host) Name() string { return h.name }

// Addr is the first address of the host.
func (h *Host) Addr() netip.Addr { return h.Addrs()[0] }

// Addrs are all addresses, in the order in which the host got them.
func (h *Host) Addrs() []netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.addrs)
}

// AddAddr gives the host one more address, a free one if it is invalid or
// unspecified.
func (h *Host) AddAddr(addr netip.Addr) error {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	addr, err := h.n.takeLocked(addr)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.addrs = append(h.addrs, addr)
	return nil
}

// Move cannot be done: sockets of 127.0.0.1 stay where they are.
func (h *Host) Move(netip.Addr) error { return fmt.Errorf("loopback: %s cannot move", h.name) }

// Outside is the address for others, which is Addr: there are no routers.
func (h *Host) Outside() netip.Addr { return h.Addr() }

// OpenSockets lists the sockets that are open, such as "udp 192.0.2.1:5060".
func (h *Host) OpenSockets() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	for what := range h.open {
		list = append(list, what)
	}
	slices.Sort(list)
	return list
}

// count notes that a socket was opened (1) or closed (-1).
func (h *Host) count(what string, by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open[what] += by; h.open[what] == 0 {
		delete(h.open, what)
	}
}

// at is an address of the host with a port: the one asked for, if it is one of
// the host's.
func (h *Host) at(ip net.IP, port int) netip.AddrPort {
	addrs := h.Addrs()
	if addr, ok := netip.AddrFromSlice(ip); ok && slices.Contains(addrs, addr.Unmap()) {
		return netip.AddrPortFrom(addr.Unmap(), uint16(port))
	}
	return netip.AddrPortFrom(addrs[0], uint16(port))
}

// ListenPacket implements [transport.Net], as all below.
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	addr, err := h.ResolveUDPAddr(network, address)
	if err != nil {
		return nil, err
	}
	return h.ListenUDP(network, addr)
}

func (h *Host) ListenUDP(_ string, local *net.UDPAddr) (transport.UDPConn, error) {
	if local == nil {
		local = &net.UDPAddr{}
	}
	return h.socket(h.at(local.IP, local.Port), netip.AddrPort{})
}

func (h *Host) DialUDP(_ string, local, remote *net.UDPAddr) (transport.UDPConn, error) {
	if local == nil {
		local = &net.UDPAddr{}
	}
	return h.socket(h.at(local.IP, local.Port), addrPort(remote))
}

func (h *Host) ListenTCP(_ string, local *net.TCPAddr) (transport.TCPListener, error) {
	if local == nil {
		local = &net.TCPAddr{}
	}
	return h.listen(h.at(local.IP, local.Port))
}

func (h *Host) DialTCP(_ string, _, remote *net.TCPAddr) (transport.TCPConn, error) {
	return h.connect(context.Background(), addrPort(remote))
}

func (h *Host) Dial(network, address string) (net.Conn, error) {
	return h.CreateDialer(&net.Dialer{}).Dial(network, address)
}

func (h *Host) ResolveIPAddr(_, address string) (*net.IPAddr, error) {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		addr, err = h.n.named(address)
	}
	if err != nil {
		return nil, err
	}
	return &net.IPAddr{IP: addr.AsSlice(), Zone: addr.Zone()}, nil
}

func (h *Host) ResolveUDPAddr(network, address string) (*net.UDPAddr, error) {
	addr, err := h.resolve(network, address)
	return udpAddr(addr), err
}

func (h *Host) ResolveTCPAddr(network, address string) (*net.TCPAddr, error) {
	addr, err := h.resolve(network, address)
	return tcpAddr(addr), err
}

func (h *Host) resolve(network, address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("port %s: %w", port, err)
	}
	if host == "" {
		return h.at(nil, int(number)), nil
	}
	addr, err := h.ResolveIPAddr(network, host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ip, _ := netip.AddrFromSlice(addr.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), nil
}

func (h *Host) Interfaces() ([]*transport.Interface, error) {
	i := transport.NewInterface(net.Interface{
		Index: 1, MTU: 1500, Name: "eth0", Flags: net.FlagUp | net.FlagBroadcast | net.FlagMulticast | net.FlagRunning,
	})
	for _, addr := range h.Addrs() {
		bits := 24
		if addr.Is6() {
			bits = 64
		}
		i.AddAddress(&net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(bits, addr.BitLen())})
	}
	return []*transport.Interface{i}, nil
}

func (h *Host) InterfaceByIndex(index int) (*transport.Interface, error) {
	if all, _ := h.Interfaces(); index == all[0].Index {
		return all[0], nil
	}
	return nil, transport.ErrInterfaceNotFound
}

func (h *Host) InterfaceByName(name string) (*transport.Interface, error) {
	if all, _ := h.Interfaces(); name == all[0].Name {
		return all[0], nil
	}
	return nil, transport.ErrInterfaceNotFound
}

func (h *Host) CreateDialer(settings *net.Dialer) transport.Dialer {
	return &dialer{h: h, settings: settings}
}

func (h *Host) CreateListenConfig(*net.ListenConfig) transport.ListenConfig { return listenConfig{h} }

// dialer opens connections as net.Dialer does.
type dialer struct {
	h        *Host
	settings *net.Dialer
}

func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.settings != nil && d.settings.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.settings.Timeout)
		defer cancel()
	}
	if d.settings != nil && !d.settings.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, d.settings.Deadline)
		defer cancel()
	}
	to, err := d.h.resolve(network, address)
	if err != nil {
		return nil, err
	}
	if network[:3] == "udp" {
		return d.h.socket(d.h.at(nil, 0), to)
	}
	return d.h.connect(ctx, to)
}

type listenConfig struct{ h *Host }

func (l listenConfig) Listen(_ context.Context, network, address string) (net.Listener, error) {
	addr, err := l.h.ResolveTCPAddr(network, address)
	if err != nil {
		return nil, err
	}
	return l.h.ListenTCP(network, addr)
}

func (l listenConfig) ListenPacket(_ context.Context, network, address string) (net.PacketConn, error) {
	return l.h.ListenPacket(network, address)
}
