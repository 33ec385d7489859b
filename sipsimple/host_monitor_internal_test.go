package sipsimple

import (
	"net/netip"
	"testing"
	"time"
)

// TestHostState: another address is believed when it has lasted; one that comes
// back, or none, changes nothing.
func TestHostState(t *testing.T) {
	home, office, none := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.Addr{}
	start := time.Now()
	for _, c := range []struct {
		name  string
		first netip.Addr
		seen  []netip.Addr // one every 3 s
		moved int          // which of them, counted from 1; 0: none
	}{
		{"stays", home, []netip.Addr{home, home, home}, 0},
		{"moves", home, []netip.Addr{office, office, office, office}, 3},
		{"moves back", home, []netip.Addr{office, office, home, office, home}, 0},
		{"flutters", home, []netip.Addr{office, none, office, none, office, none}, 0},
		{"is gone and comes back", home, []netip.Addr{none, none, none, home}, 0},
		{"is gone and comes back elsewhere", home, []netip.Addr{none, office, office, office}, 4},
		{"was not there", none, []netip.Addr{none, home, home, home}, 4},
	} {
		state := hostState{address: c.first, looked: start}
		for i, addr := range c.seen {
			news := state.look(start.Add(time.Duration(i)*3*time.Second), addr)
			if news.moved != (i+1 == c.moved) || news.slept {
				t.Errorf("%s, look %d: %+v", c.name, i+1, news)
			}
		}
	}
}

// TestSleptWell: clocks may differ a little.
func TestSleptWell(t *testing.T) {
	for _, c := range []struct {
		wall, awake time.Duration
		want        bool
	}{
		{10 * time.Second, 10 * time.Second, false}, {11 * time.Second, 10 * time.Second, false},
		{time.Hour, 10 * time.Second, true}, {-time.Hour, 10 * time.Second, false},
	} {
		if sleptWell(c.wall, c.awake) != c.want {
			t.Errorf("%v on the wall and %v awake: want %v", c.wall, c.awake, c.want)
		}
	}
}
