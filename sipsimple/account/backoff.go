package account

import "time"

// backoff is how long to wait after failures in a row: 1, 2, 4, 8, 16, 30 s and
// so on, each time between once and twice of that (application.md 7.2).
type backoff struct{ next time.Duration }

const backoffCeiling = 30 * time.Second

func (b *backoff) reset() { b.next = 0 }

// delay is the next wait; chance is a number from 0 to 1.
func (b *backoff) delay(chance float64) time.Duration {
	w := max(b.next, time.Second)
	b.next = min(2*w, backoffCeiling)
	return between(w, 2*w, chance)
}

// between is a duration between two, to the millisecond.
func between(low, high time.Duration, chance float64) time.Duration {
	return (low + time.Duration(chance*float64(high-low))).Round(time.Millisecond)
}

// refreshAfter is when to renew something granted for that long (application.md
// 7.3).
func refreshAfter(life time.Duration) time.Duration {
	return max(time.Second, life-30*time.Second, life/2)
}

// Limits of one attempt to reach a server by its routes.
const (
	attemptLimit = 30 * time.Second // for all routes together
	endLimit     = 2 * time.Second  // for giving back what was granted
)

// turn is how long one route may take when so much has been used up. It is 0
// when there is no time left.
func turn(used, least, most time.Duration) time.Duration {
	if used >= attemptLimit {
		return 0
	}
	return max(least, min(most, attemptLimit-used))
}
