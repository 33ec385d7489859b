package streams

import (
	"net"
	"net/netip"
	"testing"
)

// diverted is a socket of the system whose datagrams go another way, as those of a
// network that is put in front of it do.
type diverted struct {
	*net.UDPConn
	to net.Addr
}

func (d *diverted) WriteTo(b []byte, to net.Addr) (int, error) {
	d.to = to
	return len(b), nil
}

// TestSendToGoesThroughTheSocketGiven: what embeds a socket and changes WriteTo is
// not passed by.
func TestSendToGoesThroughTheSocketGiven(t *testing.T) {
	var d diverted
	if err := sendTo(&d, []byte("x"), netip.MustParseAddrPort("192.0.2.1:4000")); err != nil || d.to == nil || d.to.String() != "192.0.2.1:4000" {
		t.Errorf("went to %v, %v", d.to, err)
	}
}
