package core

import (
	"errors"
	"fmt"
	"net/netip"
)

// lookup resolves a host name off the mailbox and calls f on it, unless the
// engine has closed by then. Of several addresses the first of the family of
// our own host is taken.
func (e *Engine) lookup(host string, f func(netip.Addr, error)) {
	if e.closed {
		return
	}
	e.lookups.Go(func() {
		found, err := e.resolve(host)
		e.post(func() {
			if e.closed {
				return
			}
			if err == nil && len(found) == 0 {
				err = fmt.Errorf("no address for %q", host)
			}
			if err != nil {
				f(netip.Addr{}, err)
				return
			}
			f(e.choose(found), nil)
		})
	})
}

// resolve asks the function of the configuration, which may be the application's.
func (e *Engine) resolve(host string) (found []netip.Addr, err error) {
	if !e.guarded(func() { found, err = e.cfg.Resolve(host) }) {
		err = errResolver
	}
	return found, err
}

var errInternal = errors.New("internal error")

var errResolver = errors.New("the look-up failed with an internal error")

// choose prefers an address that our host can reach.
func (e *Engine) choose(found []netip.Addr) netip.Addr {
	host := e.cfg.Host.Unmap()
	for _, addr := range found {
		if !host.IsValid() || host.IsUnspecified() || addr.Unmap().Is4() == host.Is4() {
			return addr.Unmap()
		}
	}
	return found[0].Unmap()
}
