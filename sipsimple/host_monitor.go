package sipsimple

import (
	"net"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/account"
)

// A host monitor tells an application of what happens to its machine: it posts
// SystemIPAddressDidChange and SystemDidWakeUpFromSleep, which a program may
// post itself instead (application.md 2.7).

// addressLasts is how long another address must have been the one before it is
// believed: interfaces come and go while a network is being set up.
const addressLasts = 5 * time.Second

// hostMonitor looks every interval.
type hostMonitor struct {
	p        *parts
	interval time.Duration
	stopping chan struct{}
	stopped  chan struct{}
}

func newHostMonitor(p *parts, interval time.Duration) *hostMonitor {
	m := &hostMonitor{p: p, interval: interval, stopping: make(chan struct{}), stopped: make(chan struct{})}
	state := hostState{address: m.outgoing(), looked: time.Now()}
	go m.run(state)
	return m
}

// stop returns when nothing will be posted any more.
func (m *hostMonitor) stop() {
	close(m.stopping)
	<-m.stopped
}

func (m *hostMonitor) run(state hostState) {
	defer close(m.stopped)
	timer := time.NewTimer(max(m.interval, 1))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-m.stopping:
			return
		}
		before := state.address
		news := state.look(time.Now(), m.outgoing())
		if news.moved {
			m.p.app.center.Post(m.p.app, account.SystemIPAddressDidChange{OldIPAddress: addressText(before), NewIPAddress: addressText(state.address)})
		}
		if news.slept {
			m.p.app.center.Post(m.p.app, account.SystemDidWakeUpFromSleep{})
		}
		next := m.interval
		if state.candidate.IsValid() {
			next = addressLasts
		}
		timer.Reset(max(next, 1))
	}
}

// outgoing is the address that packets to the world leave from, the zero Addr
// without any. Nothing is sent: connecting a UDP socket only asks for the way.
func (m *hostMonitor) outgoing() netip.Addr {
	for _, world := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} { // of documentation, RFC 5737 and RFC 3849
		conn, err := m.p.app.cfg.Net.Dial("udp", world)
		if err != nil {
			continue
		}
		local, ok := conn.LocalAddr().(*net.UDPAddr)
		_ = conn.Close() // nothing was sent
		if ok && !local.IP.IsUnspecified() {
			return local.AddrPort().Addr().Unmap().WithZone("")
		}
	}
	return netip.Addr{}
}

func addressText(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

// hostState is what the monitor knows.
type hostState struct {
	address   netip.Addr // that is believed
	candidate netip.Addr // another one that has been seen; the zero Addr if there is none
	since     time.Time  // when the candidate was seen first
	looked    time.Time
}

type hostNews struct{ moved, slept bool }

// look takes what is seen now. Without any address the one before stays: the
// network is gone, and nobody could be told. The machine has slept when the
// clock on the wall has gone further than the monotonic one, which stands still
// meanwhile.
func (s *hostState) look(now time.Time, addr netip.Addr) (news hostNews) {
	wall, awake := now.Round(0).Sub(s.looked.Round(0)), now.Sub(s.looked)
	news.slept, s.looked = sleptWell(wall, awake), now
	switch {
	case !addr.IsValid() || addr == s.address:
		s.candidate = netip.Addr{}
	case addr != s.candidate:
		s.candidate, s.since = addr, now
	case now.Sub(s.since) >= addressLasts:
		s.address, s.candidate, news.moved = addr, netip.Addr{}, true
	}
	return news
}

// sleptWell tells a sleep from clocks that are not quite the same.
func sleptWell(wall, awake time.Duration) bool { return wall-awake > addressLasts }
