package conformance_test

import (
	"testing"

	"github.com/go-sipsimple/callflow/audio/portaudio"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/internal/card"
)

// devices are those of world device.
var devices *play.Devices

// virtualDevices starts a virtual sound card for the length of the test. Without
// JACK the test is skipped.
func virtualDevices(t *testing.T) *play.Devices {
	t.Helper()
	card.Start(t, "alice", "bob")
	return &play.Devices{Driver: openDriver(t), Input: "alice", Output: "bob"}
}

func openDriver(t *testing.T) portaudio.Driver {
	t.Helper()
	driver, err := portaudio.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	return driver
}
