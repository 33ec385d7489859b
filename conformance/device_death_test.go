//go:build portaudio

package conformance_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/internal/card"
)

// own is set in the process of its own that TestSoundServerDies needs: PortAudio
// may hang for ever afterwards.
const own = "CALLFLOW_OWN_PROCESS"

// The sound server dies under an open device: the mixer is called on, and
// everything can be closed in a bounded time.
func TestSoundServerDies(t *testing.T) {
	needDevices(t)
	if os.Getenv(own) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSoundServerDies$", "-test.v", "-world=device")
		cmd.Env = append(os.Environ(), own+"=yes")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	c := card.Start(t, "alice")
	driver := openDriver(t)
	device, err := driver.Device("alice", "alice")
	if err != nil {
		t.Fatal(err)
	}
	frames := make(chan time.Time, 10_000)
	if err := device.Open(8000, func(_, _ []int16) { frames <- time.Now() }); err != nil {
		t.Fatal(err)
	}
	changed := make(chan struct{}, 10)
	driver.Watch(func() { changed <- struct{}{} })
	for range 50 {
		<-frames
	}
	c.Kill()
	<-changed
	if list := driver.Inputs(); len(list) > 0 {
		t.Errorf("devices without a server: %q", list)
	}
	drain(frames)
	for range 50 {
		select {
		case <-frames:
		case <-time.After(time.Second):
			t.Fatal("the mixer stands still")
		}
	}
	began := time.Now()
	t.Logf("closed: %v", device.Close()) // whether the system says anything depends on where it hangs
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("Close took %v", took)
	}
}

func drain(frames <-chan time.Time) {
	for {
		select {
		case <-frames:
		default:
			return
		}
	}
}
