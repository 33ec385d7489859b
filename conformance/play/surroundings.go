package play

import (
	"net/netip"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/conformance/loopback"
	"github.com/go-sipsimple/callflow/simnet"
)

// host is where a party lives, in any world.
type host interface {
	transport.Net
	Addr() netip.Addr
	Addrs() []netip.Addr
	AddAddr(netip.Addr) error
	Move(netip.Addr) error
	Outside() netip.Addr // its address for others: that of its router, if it has one
	OpenSockets() []string
}

// openNetwork makes the network, with the two hosts that are always there:
// nobody, where no port is open, and nowhere, which swallows whatever comes.
func (w *world) openNetwork(o Options) error {
	if o.World == Device {
		if err := o.Devices.Check(); err != nil {
			return err
		}
		w.devices = o.Devices
	}
	if o.World == Loopback || o.World == Device {
		return w.openLoopback(o)
	}
	w.net = simnet.New(w.c.Seed)
	if w.wire.others[simnet.MSRP] != nil {
		w.net.TapSignalling(w.wire.packet)
	} else {
		w.net.TapDatagrams(w.wire.packet)
	}
	if w.c.Knobs.Latency != 0 {
		w.net.SetLink("", "", simnet.LinkConfig{Latency: w.c.Knobs.Latency})
	}
	w.spoil()
	w.hosts.add("nobody", addressOfNobody)
	w.hosts.add("nowhere", addressOfNowhere)
	if _, err := w.net.Host("nobody", addressOfNobody); err != nil {
		return err
	}
	nowhere, err := w.net.Host("nowhere", addressOfNowhere)
	if err != nil {
		return err
	}
	nowhere.Swallow(true)
	return nil
}

// openLoopback makes a network of real sockets. Datagrams to an address where no
// socket is open are swallowed there, and connections refused.
func (w *world) openLoopback(o Options) error {
	var err error
	if len(o.Phones) > 0 || w.server != "" {
		w.real, err = loopback.NewDirect(o.Addresses...)
		w.addressesGiven = len(o.Addresses) > 0
		if names := sortedKeys(o.Phones); len(names) == 1 {
			w.onlyPhone = names[0]
		}
	} else {
		w.real, err = loopback.New()
	}
	if err != nil {
		return err
	}
	w.deliver = w.real.Hold()
	w.sounds.Before = w.real.AwaitMedia
	if w.tolerance = o.Tolerance; w.tolerance == 0 {
		w.tolerance = DefaultTolerance
	}
	w.hosts.add("nobody", addressOfNobody)
	w.hosts.add("nowhere", addressOfNowhere)
	for name, addr := range map[string]netip.Addr{"nobody": addressOfNobody, "nowhere": addressOfNowhere} {
		h, err := w.real.Host(name, addr)
		if err != nil {
			return err
		}
		h.Swallow(name == "nowhere")
	}
	return nil
}

func (w *world) newHost(name string, addr netip.Addr) (host, error) {
	if w.real != nil {
		return w.real.Host(name, addr)
	}
	return w.net.Host(name, addr)
}

// pass lets time run while f waits. In real time, what has been sent is delivered
// then and only then, so that whatever is done between two waits is done at one
// instant there too.
func (w *world) pass(f func()) {
	if w.real != nil && w.begun {
		w.real.Deliver()
		defer func() { w.real.Hold() }() // and let nobody deliver before the next wait
	}
	f()
}

// comeToRest waits until nothing moves any more at this instant. In real time
// that is when nothing has been heard of for a while.
func (w *world) comeToRest() {
	if w.real == nil {
		synctest.Wait()
		return
	}
	for end := time.Now().Add(longestUnrest); time.Now().Before(end); {
		timer := time.NewTimer(rest)
		select {
		case <-w.changed:
			timer.Stop()
		case <-timer.C:
			return
		}
	}
}

const (
	rest          = 4 * time.Millisecond
	longestUnrest = 100 * time.Millisecond
)

// patience is how long a step may take that must not have to wait.
func (w *world) patience() time.Duration {
	if w.real != nil {
		return w.tolerance
	}
	return 0
}
