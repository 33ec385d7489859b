package simnet

import (
	"math/rand/v2"
	"time"
)

// verdict is what becomes of a packet.
type verdict struct {
	lost, corrupt bool
	delay         int64 // beyond what the link takes
	copies        []int64
}

// judgePacketLocked decides what becomes of a packet that was just written, or is repeated, and queues it.
func (n *Network) judgePacketLocked(p *packet) {
	if n.closed {
		return
	}
	dst, pass := n.passRoutersLocked(p)
	l := p.link
	v := verdict{lost: !pass || l == nil || l.cut || p.to.swallow}
	var arrival int64
	if !v.lost {
		arrival = l.carry(p, &v)
	}
	if len(n.faults) > 0 && !v.lost {
		n.applyFaultsLocked(p, arrival, &v)
	}
	if p.proto == TCP {
		v.lost, v.copies = v.lost || v.corrupt, nil // the checksum finds it; the copy is ignored
	}
	if v.lost {
		v.copies = nil
	}
	p.due = arrival + v.delay
	if len(n.taps) > 0 {
		n.tellTapsLocked(p, v)
	}
	if v.lost {
		n.lostLocked(p)
		return
	}
	if v.corrupt {
		corrupt(p.data, l.rnd)
	}
	p.dst = dst
	n.queueLocked(p)
	for _, later := range v.copies {
		n.queueCopyLocked(p, later)
	}
}

func (n *Network) queueLocked(p *packet) {
	n.serial++
	n.events.push(event{due: p.due, serial: n.serial, packet: p})
}

// carry rolls the dice of the link and gives the instant of arrival. It draws only for what is configured, so that
// switching one fault on does not change what another one does to the same packets more than it must.
func (l *link) carry(p *packet, v *verdict) int64 {
	c := &l.cfg
	start := p.sent
	if c.Bandwidth > 0 {
		start = max(start, l.freeAt)
		if p.proto == UDP && start-p.sent > int64(longestQueue) {
			v.lost = true
			return start
		}
		start += int64(len(p.data)+headerSize) * 8 * int64(time.Second) / c.Bandwidth
		l.freeAt = start
	}
	arrival := start + l.latency
	if c.Jitter > 0 {
		arrival += l.rnd.Int64N(int64(c.Jitter) + 1)
	}
	arrival = max(arrival, l.last)
	v.lost = l.chance(c.Loss)
	if l.chance(c.Duplicate) {
		v.copies = append(v.copies, 0)
	}
	v.corrupt = l.chance(c.Corrupt)
	if l.chance(c.Reorder) {
		v.delay = int64(c.ReorderBy)
		if v.delay == 0 {
			v.delay = int64(defaultReorderBy)
		}
	} else if !v.lost {
		l.last = arrival
	}
	return arrival
}

func (l *link) chance(rate float64) bool { return rate > 0 && l.rnd.Float64() < rate }

// applyFaultsLocked asks the faults, one after another, until one has dropped the packet.
func (n *Network) applyFaultsLocked(p *packet, arrival int64, v *verdict) {
	view := n.view(p)
	view.Arrives = n.at(arrival)
	faults := n.faults
	n.callLocked(func() {
		for _, h := range faults {
			if !h.strikes(p.link, &view) {
				continue
			}
			switch by := int64(h.fault.By); h.fault.Action {
			case Drop:
				v.lost = true
				return
			case Duplicate:
				v.copies = append(v.copies, by)
			case Corrupt:
				v.corrupt = true
			case Delay:
				v.delay += by
			}
		}
	})
}

// view is the packet as others see it. Data is the network's own.
func (n *Network) view(p *packet) Packet {
	v := Packet{
		Sent: n.at(p.sent), From: p.from.name, Src: p.src, Dst: p.dst,
		Proto: p.proto, Control: p.control.String(), Data: p.data, Copy: p.copied,
	}
	if p.to != nil {
		v.To = p.to.name
	}
	return v
}

// tellTapsLocked shows the packet and its duplicates to the taps, with a copy of the data that they may keep.
func (n *Network) tellTapsLocked(p *packet, v verdict) {
	if !n.tappedLocked(p) {
		return
	}
	view := n.view(p)
	view.Data = append([]byte(nil), p.data...)
	view.Lost, view.Corrupted = v.lost, v.corrupt
	if !v.lost {
		view.Arrives = n.at(p.due)
	}
	taps := n.taps
	n.callLocked(func() {
		for _, t := range taps {
			if !t.wants(p) {
				continue
			}
			t.fn(view)
			for _, later := range v.copies {
				again := view
				again.Copy, again.Lost, again.Arrives = true, false, n.at(p.due+later)
				t.fn(again)
			}
		}
	})
}

// queueCopyLocked queues a duplicate.
func (n *Network) queueCopyLocked(p *packet, later int64) {
	again := n.newPacketLocked(p.data)
	data := again.data
	*again = *p
	again.data, again.due, again.copied = data, p.due+later, true
	n.queueLocked(again)
}

// lostLocked ends a datagram; a segment is tried again.
func (n *Network) lostLocked(p *packet) {
	if p.proto == TCP {
		n.retryLocked(p)
		return
	}
	n.releaseLocked(p)
}

// corrupt changes one to three octets.
func corrupt(data []byte, rnd *rand.Rand) {
	if len(data) == 0 {
		return
	}
	for range 1 + rnd.IntN(3) {
		data[rnd.IntN(len(data))] ^= byte(1 + rnd.IntN(255))
	}
}
