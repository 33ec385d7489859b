package portaudio

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// A server that ends, or is started anew, is gone; one that stays, or that never was,
// is not.
func TestJackGone(t *testing.T) {
	name := "callflow-test-" + strconv.Itoa(os.Getpid())
	t.Setenv("JACK_DEFAULT_SERVER", name)
	socket := filepath.Join("/dev/shm", "jack_"+name+"_"+strconv.Itoa(os.Getuid())+"_0")
	if connectedJack().gone() {
		t.Error("no server is gone")
	}
	listen := func() net.Listener {
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Skip("no sockets in /dev/shm: ", err)
		}
		return l
	}
	first := listen()
	j := connectedJack()
	if j == nil || j.gone() {
		t.Error("a server that is there is gone")
	}
	_ = first.Close()
	if !j.gone() {
		t.Error("a server that has ended is not gone")
	}
	if connectedJack() != nil {
		t.Error("a server that has ended is connected to")
	}
	keep, err := os.Create(socket) // so that the next one has another inode
	if err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(socket)
	second := listen()
	defer func() { _ = second.Close() }()
	if !j.gone() {
		t.Error("a server in the place of another is taken for it")
	}
	_ = keep.Close()
}
