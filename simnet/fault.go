package simnet

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"
)

// Action is what a fault does to a packet.
type Action int

// The actions of faults. On a TCP segment Drop and Corrupt cost the time of a repetition and Duplicate nothing.
const (
	Drop      Action = iota // it is lost
	Duplicate               // it arrives twice, the second time Fault.By later
	Corrupt                 // one to three octets of it change
	Delay                   // it arrives Fault.By later than it would have, perhaps behind its successors
)

// String is the name of the action as scenarios write it.
func (a Action) String() string {
	switch a {
	case Drop:
		return "drop"
	case Duplicate:
		return "duplicate"
	case Corrupt:
		return "corrupt"
	case Delay:
		return "delay"
	}
	return "action " + strconv.Itoa(int(a))
}

// Fault is something that happens to certain packets. The zero value drops every packet.
type Fault struct {
	// From and To are names of hosts; "" means any.
	From, To string
	// Match chooses packets among those From, To; nil means all. It sees every such packet once, in the order of the
	// network, repetitions of TCP segments too, but no packets that an earlier fault or the link has lost already.
	// It must not block nor keep Packet.Data.
	Match  func(*Packet) bool
	Action Action
	By     time.Duration // of Delay and Duplicate
	// Rate is the chance, 0 to 1, that a matching packet is hit; 0 means always.
	Rate float64
	// Skip leaves the first Skip matching packets alone; so Skip: 2, First: 1 hits the third only.
	Skip int
	// First is how many packets are hit at most; 0 means no limit.
	First int
	// Times is how many hits the author expects; it does not limit them: see [FaultHandle.Check]. 0 means at least one.
	Times int
}

// FaultHandle is a fault in force.
type FaultHandle struct {
	n       *Network
	fault   Fault
	rnd     *rand.Rand // used by the network at work only
	seen    int        // matching packets; used by the network at work only
	hits    atomic.Int64
	removed bool // guarded by n.mu
}

// AddFault puts a fault in force. Packets written at this instant are the first to feel it. Of several faults each
// packet meets all, in the order in which they were added.
func (n *Network) AddFault(f Fault) *FaultHandle {
	f.From, f.To = canonicalName(f.From), canonicalName(f.To)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drawn++
	h := &FaultHandle{n: n, fault: f, rnd: newRand(n.seed, "fault", strconv.FormatUint(n.drawn, 10))}
	n.opLocked(op{fault: h})
	return h
}

// Hits counts the packets that were hit. A packet counts when the network has taken it up, before it would arrive.
func (h *FaultHandle) Hits() int { return int(h.hits.Load()) }

// Remove ends the fault; packets written before this instant still feel it.
func (h *FaultHandle) Remove() {
	h.n.mu.Lock()
	defer h.n.mu.Unlock()
	if !h.removed {
		h.removed = true
		h.n.opLocked(op{fault: h, remove: true})
	}
}

// Check is an error when the fault was not hit as often as its author expected.
func (h *FaultHandle) Check() error {
	switch hits := h.Hits(); {
	case h.fault.Times > 0 && hits != h.fault.Times:
		return fmt.Errorf("%v was hit %d times, expected %d", h.fault.Action, hits, h.fault.Times)
	case hits == 0:
		return fmt.Errorf("%v was never hit", h.fault.Action)
	}
	return nil
}

// strikes tells whether the fault hits the packet, and counts. The network at work calls it without its lock.
func (h *FaultHandle) strikes(l *link, p *Packet) bool {
	f := &h.fault
	if f.From != "" && f.From != l.name.from || f.To != "" && f.To != l.name.to {
		return false
	}
	if f.Match != nil && !f.Match(p) {
		return false
	}
	if h.seen++; h.seen <= f.Skip || f.First > 0 && h.Hits() >= f.First {
		return false
	}
	if f.Rate > 0 && h.rnd.Float64() >= f.Rate {
		return false
	}
	h.hits.Add(1)
	return true
}
