package portaudio

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// jack is the JACK server that PortAudio has connected to. When it has gone,
// PortAudio aborts the whole process as soon as it is told to end: so it must not be
// told. A server that hangs is no less there.
type jack struct {
	socket string // of the server (jackd2, Linux)
	file   os.FileInfo
}

// connectedJack is the server that is there now; without one it is nil, and never
// gone.
func connectedJack() *jack {
	server := os.Getenv("JACK_DEFAULT_SERVER")
	if server == "" {
		server = "default"
	}
	j := &jack{socket: filepath.Join("/dev/shm", "jack_"+server+"_"+strconv.Itoa(os.Getuid())+"_0")}
	var err error
	if j.file, err = os.Stat(j.socket); err != nil || !j.answers() {
		return nil
	}
	return j
}

func (j *jack) answers() bool {
	conn, err := net.DialTimeout("unix", j.socket, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was said
	return true
}

// gone says whether the server has ended, perhaps for another one in its place.
func (j *jack) gone() bool {
	if j == nil {
		return false
	}
	file, err := os.Stat(j.socket)
	return err != nil || !os.SameFile(file, j.file) || !j.answers()
}
