package sipsimple_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/sipsimple"
)

// faultyNet is a network whose UDP sockets panic when something is sent, if told to.
type faultyNet struct {
	transport.Net
	panics atomic.Bool
	conns  []transport.UDPConn
}

func (f *faultyNet) ListenUDP(network string, addr *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := f.Net.ListenUDP(network, addr)
	if err != nil {
		return nil, err
	}
	f.conns = append(f.conns, conn)
	return &faultySocket{conn, f}, nil
}

type faultySocket struct {
	transport.UDPConn
	net *faultyNet
}

func (c *faultySocket) WriteTo(data []byte, to net.Addr) (int, error) {
	if c.net.panics.Load() {
		panic("no more paper")
	}
	return c.UDPConn.WriteTo(data, to)
}

// TestEngineFault: a fault in the SIP stack is told with its stack, in the log
// without, and the application goes on.
func TestEngineFault(t *testing.T) {
	inLab(t, func(l *lab) {
		network := &faultyNet{}
		p := l.phone("alice", stored("alice@reg.test sip.register=false"), func(c *sipsimple.Config) {
			network.Net = c.Net
			c.Net = network
		})
		p.start()
		bob := l.party("bob")
		p.forget()
		network.panics.Store(true)
		bob.call("alice")
		pass(time.Second)
		var exceptions []sipsimple.SIPEngineGotException
		for _, n := range p.all {
			switch d := n.Data.(type) {
			case sipsimple.SIPEngineGotException:
				exceptions = append(exceptions, d)
			case sipsimple.SIPEngineLog:
				if strings.Contains(d.Message, "goroutine") {
					t.Errorf("the log has a stack: %v", d)
				}
			}
		}
		if len(exceptions) == 0 || exceptions[0].Type != "string" || exceptions[0].Value != "no more paper" ||
			!strings.Contains(exceptions[0].Traceback, "engine_faults_test.go") {
			t.Errorf("exceptions: %v", exceptions)
		}
		if !slices.Contains(p.log, "EngineLog") || !p.Running() {
			t.Errorf("running: %v, notified of %v", p.Running(), p.log)
		}
		network.panics.Store(false)
		p.stop()
		stop(bob)
	})
}

// TestEngineBreaksDown: when a socket is gone that nobody here has closed, the
// application ends with all that belongs to an end, and is unusable (row A18).
func TestEngineBreaksDown(t *testing.T) {
	inLab(t, func(l *lab) {
		network := &faultyNet{}
		p := l.phone("alice", stored("alice@reg.test sip.register=false"), func(c *sipsimple.Config) {
			network.Net = c.Net
			c.Net = network
		})
		p.start()
		p.forget()
		must(t, network.conns[0].Close())
		<-p.Done()
		synctest.Wait()
		p.expect("EngineGotException", "EngineDidFail", "ApplicationWillEnd", "AccountManagerWillEnd", "AccountWillDeactivate",
			"AccountDidDeactivate", "AccountManagerDidEnd", "SessionManagerWillEnd", "SessionManagerDidEnd", "EngineWillEnd", "EngineDidEnd", "ApplicationDidEnd")
		if last := p.all[len(p.all)-1].Data; last != (sipsimple.SIPApplicationDidEnd{EndReason: "engine failed"}) {
			t.Errorf("the last is %v", last)
		}
		if !errors.Is(p.Err(), net.ErrClosed) || p.Running() {
			t.Errorf("running %v, error %v", p.Running(), p.Err())
		}
	})
}

// TestPortsChangeInPeace: a socket that the application closes itself, because a
// setting says so, is no fault.
func TestPortsChangeInPeace(t *testing.T) {
	inLab(t, func(l *lab) {
		p := l.phone("alice", stored("alice@reg.test sip.register=false"))
		p.start()
		p.forget()
		must(t, p.Engine().SetPort("udp", 5070))
		must(t, p.Engine().SetPort("tcp", -1))
		pass(time.Second)
		p.expect()
		if !p.Running() || p.Err() != nil {
			t.Errorf("running %v, error %v", p.Running(), p.Err())
		}
		p.stop()
	})
}
