//go:build !race

package udp_test

import "testing"

func TestNoMemory(t *testing.T) {
	conn, here := opened(t, "udp", "127.0.0.1:0")
	var space [10]byte
	data := []byte("x")
	if n := testing.AllocsPerRun(100, func() {
		if conn.WriteTo(data, here) != nil {
			t.Error("not sent")
		}
		if _, _, err := conn.ReadFrom(space[:]); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a datagram", n)
	}
}
