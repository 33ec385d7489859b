package play

import (
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
)

// A quality is a way in which every link of a case is bad for SIP. Over TCP and
// TLS what is lost comes again by itself, and later. Nothing else is touched:
// media and MSRP have scenarios of their own.
type quality struct{ lost, doubled, late float64 }

// qualities by name. A fifth of all messages is hit, on each link by itself.
var qualities = map[string]quality{
	"loss":        {lost: 0.2},
	"duplication": {doubled: 0.2},
	"reordering":  {late: 0.2},
	"all":         {lost: 0.2, doubled: 0.2, late: 0.2},
}

// Qualities lists the names of the qualities, sorted.
func Qualities() []string { return slices.Sorted(maps.Keys(qualities)) }

const (
	// mostInARow is how many messages in a row a link loses. Without an end to
	// bad luck one of some million messages would be lost with all its copies, and
	// a run of many seeds would fail for a reason that nobody can mend.
	mostInARow = 3
	// doubledBy and lateBy are more than a message takes, so that others overtake
	// it, and less than T1.
	doubledBy = 15 * time.Millisecond
	lateBy    = 35 * time.Millisecond
)

// Under is the case under a quality: the same steps on bad links, with the
// expectations that loosen.go says. A case that makes no sense there is one to
// skip, with the reason.
func Under(c *scenario.Case, name string) *scenario.Case {
	bad := *c
	bad.Faults = name
	bad.Name = strings.TrimPrefix(c.Name+underWord+name, ", ")
	h := fnv.New64a()
	h.Write([]byte(name))
	bad.Seed ^= h.Sum64()
	if bad.Skip == "" {
		bad.Skip = leftOut(c)
	}
	if bad.Skip == "" {
		loosen(&bad)
	}
	return &bad
}

// underWord stands between the name of a case and that of a quality.
const underWord = ", under "

// SplitName takes the name that Under gives apart: the case's own, and the
// quality, "" without one.
func SplitName(name string) (own, quality string) {
	if at := strings.LastIndex(", "+name, underWord); at >= 0 {
		if q := (", " + name)[at+len(underWord):]; slices.Contains(Qualities(), q) {
			return name[:max(at-len(", "), 0)], q
		}
	}
	return name, ""
}

// spoil puts the quality of the case in force on every link.
func (w *world) spoil() {
	q, ok := qualities[w.c.Faults]
	if !ok {
		return
	}
	lost, doubled, late := newLottery(w.seedFor("loss")), newLottery(w.seedFor("duplication")), newLottery(w.seedFor("reordering"))
	lost.mostInARow = mostInARow
	add := func(l *lottery, rate float64, action simnet.Action, by time.Duration) {
		if rate > 0 {
			l.rate = rate
			w.net.AddFault(simnet.Fault{Action: action, By: by, Match: l.draws})
		}
	}
	add(lost, q.lost, simnet.Drop, 0)
	add(doubled, q.doubled, simnet.Duplicate, doubledBy)
	add(late, q.late, simnet.Delay, lateBy)
}

// lottery draws which messages are hit.
type lottery struct {
	rnd        *rand.Rand
	rate       float64
	mostInARow int // on one link; 0 = no limit
	inARow     map[[2]string]int
}

func newLottery(seed uint64) *lottery {
	return &lottery{rnd: rand.New(rand.NewPCG(seed, 0)), inARow: map[[2]string]int{}}
}

// draws is asked by the network once for each packet, in order.
func (l *lottery) draws(p *simnet.Packet) bool {
	if !isSIP(p) {
		return false
	}
	link := [2]string{p.From, p.To}
	hit := l.rnd.Float64() < l.rate && (l.mostInARow == 0 || l.inARow[link] < l.mostInARow)
	if hit {
		l.inARow[link]++
	} else {
		l.inARow[link] = 0
	}
	return hit
}

// isSIP tells a packet with a message of SIP, which over TLS is known by its
// port.
func isSIP(p *simnet.Packet) bool {
	const sips = 5061
	protocol := p.Kind().Protocol
	return protocol == simnet.SIP || p.Proto == simnet.TCP && protocol == simnet.TLS && (p.Src.Port() == sips || p.Dst.Port() == sips)
}

// awaitQuiet lets time run until no message has been sent for longer than any
// repetition waits (T2), or until all repetitions are over (64*T1).
func (d *driver) awaitQuiet() {
	const quiet = 4*time.Second + 100*time.Millisecond
	for end := d.now() + 33*time.Second; d.now() < d.wire.latest+quiet && d.now() < end; {
		d.sleepUntil(d.wire.latest + quiet)
	}
}
