// Package dnssd is DNS-SD over multicast DNS (RFC 6762, RFC 6763) on the network
// of the operating system, for the Bonjour account:
//
//	neighbourhood, err := dnssd.New("")
//	defer neighbourhood.Close()
//	app, err := sipsimple.NewApplication(sipsimple.Config{Neighbourhood: neighbourhood, UserName: "Alice", ...})
//
// What it cannot do is told by the library beneath: it does not notice that a
// service has gone.
package dnssd

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/pion/mdns/v2"
	"golang.org/x/net/ipv4"

	"github.com/go-sipsimple/callflow/sipsimple/account"
)

// Neighbourhood implements [account.Neighbourhood]. Its methods may be called
// from any goroutine.
type Neighbourhood struct {
	conn *mdns.Conn
	host string // ours, with a dot at the end

	mu    sync.Mutex
	found map[string]func(account.Found) // by type of service
}

// New joins the multicast group. host is the name of this machine; "" means that
// of the operating system. It fails where there is no multicast.
func New(host string) (*Neighbourhood, error) {
	if host == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, err
		}
		host = name
	}
	host, _, _ = strings.Cut(host, ".")
	addr, err := net.ResolveUDPAddr("udp4", mdns.DefaultAddressIPv4)
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenUDP("udp4", addr)
	if err != nil {
		return nil, err
	}
	conn, err := mdns.NewServer(ipv4.NewPacketConn(socket), nil, mdns.WithLocalNames(host+".local"))
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	n := &Neighbourhood{conn: conn, host: host + ".local.", found: map[string]func(account.Found){}}
	conn.OnServiceDiscovered(n.discovered)
	return n, nil
}

// Close leaves the group.
func (n *Neighbourhood) Close() error { return n.conn.Close() }

// Register implements [account.Neighbourhood].
func (n *Neighbourhood) Register(s account.Service) (unregister func(), err error) {
	host := s.Host
	if host == "" {
		host = n.host
	}
	err = n.conn.Register(mdns.ServiceInstance{
		Instance: s.Name, Service: s.Type, Domain: "local", Host: host, Port: uint16(s.Port), Text: records(s.Text),
	})
	if err != nil {
		return nil, err
	}
	return func() { n.conn.Unregister(s.Name, s.Type) }, nil
}

// Update implements [account.Neighbourhood].
func (n *Neighbourhood) Update(s account.Service) error {
	return n.conn.UpdateTXT(s.Name, s.Type, records(s.Text))
}

// records are TXT records in the order of their names; txtvers comes first (RFC
// 6763 section 6.7).
func records(text map[string]string) []mdns.TXTEntry {
	names := slices.SortedFunc(maps.Keys(text), func(a, b string) int {
		switch "txtvers" {
		case a:
			return -1
		case b:
			return 1
		}
		return strings.Compare(a, b)
	})
	list := make([]mdns.TXTEntry, len(names))
	for i, name := range names {
		list[i] = mdns.NewTXTString(name, text[name])
	}
	return list
}

// Browse implements [account.Neighbourhood]. A type can be browsed once at a
// time.
func (n *Neighbourhood) Browse(serviceType string, found func(account.Found)) (stop func(), err error) {
	n.mu.Lock()
	n.found[serviceType] = found
	n.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	if err := n.conn.Browse(ctx, serviceType); err != nil {
		cancel()
		return nil, err
	}
	return func() {
		cancel()
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.found, serviceType)
	}, nil
}

func (n *Neighbourhood) discovered(e mdns.ServiceEvent) {
	n.mu.Lock()
	found := n.found[e.Instance.Service]
	n.mu.Unlock()
	if found == nil {
		return
	}
	text := map[string]string{}
	for _, entry := range e.Instance.Text {
		text[strings.ToLower(entry.Key)] = string(entry.Value)
	}
	found(account.Found{Domain: e.Instance.Domain, Service: account.Service{
		Name: e.Instance.Instance, Type: e.Instance.Service, Host: strings.TrimSuffix(e.Instance.Host, "."),
		Port: int(e.Instance.Port), Text: text,
	}})
}
