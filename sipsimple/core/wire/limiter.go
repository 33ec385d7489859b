package wire

import (
	"net/netip"
	"time"
)

// limiter is a token bucket for each source. It is used by one goroutine. Its
// memory is bounded: when too many sources are known it starts anew, which
// gives each of them one more burst.
type limiter struct {
	rate    float64 // tokens a second; below 0 no limit
	burst   float64
	buckets map[netip.Addr]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

const maxBuckets = 8192

func newLimiter(rate int) limiter {
	return limiter{rate: float64(rate), burst: 5 * float64(rate), buckets: map[netip.Addr]bucket{}}
}

// networkOf is what peers are told apart by: the addresses of one IPv6 network are
// one peer, which has as many of them as it likes.
func networkOf(source netip.Addr) netip.Addr {
	if source.Is6() {
		if network, err := source.WithZone("").Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return source
}

// allow takes a token.
func (l *limiter) allow(source netip.Addr, now time.Time) bool {
	if l.rate < 0 {
		return true
	}
	source = networkOf(source)
	b, known := l.buckets[source]
	if !known {
		if len(l.buckets) >= maxBuckets {
			clear(l.buckets)
		}
		b = bucket{l.burst, now}
	}
	b.tokens = min(l.burst, b.tokens+l.rate*now.Sub(b.at).Seconds())
	b.at = now
	ok := b.tokens >= 1
	if ok {
		b.tokens--
	}
	l.buckets[source] = b
	return ok
}
