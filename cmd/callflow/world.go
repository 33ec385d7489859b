package main

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/audio/portaudio"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// worldFlags say in which world the cases are played.
type worldFlags struct {
	world     string
	tolerance time.Duration
	soundFlags
	devices *play.Devices // of world device, from check on
}

var worlds = []string{play.Sim, play.Loopback, play.Device}

func (w *worldFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&w.world, "world", play.Sim, "where to play: sim (simulated network, virtual time),\n"+
		"loopback (UDP, TCP and TLS sockets of 127.0.0.1, real time)\n"+
		"or device (as loopback, the first party with --input and --output, see docs/devices.md)")
	w.soundFlags.flags(cmd)
	f.DurationVar(&w.tolerance, "tolerance", play.DefaultTolerance, "how far instants may be off in real time")
}

// check finds out whether the world exists, and opens its devices.
func (w *worldFlags) check() error {
	switch {
	case !slices.Contains(worlds, w.world):
		return exit{exitBadInput, fmt.Sprintf("--world %s: expected one of %s", w.world, strings.Join(worlds, ", "))}
	case w.world != play.Device && (w.input != "" || w.output != ""):
		return exit{exitBadInput, "--input and --output are for --world device"}
	case w.world != play.Device:
		return nil
	}
	driver, err := portaudio.Open(slog.New(slog.DiscardHandler))
	if err == nil { // it is left to the end of the process
		w.devices = &play.Devices{Driver: driver, Input: w.input, Output: w.output}
		err = w.devices.Check()
	}
	if err != nil {
		return exit{exitBadInput, "--world device: " + err.Error()}
	}
	return nil
}

// player plays a case in the world.
func (w *worldFlags) player(log bool) func(*scenario.Case) *play.Result {
	o := play.Options{World: w.world, Log: log, Tolerance: w.tolerance, Devices: w.devices}
	return func(c *scenario.Case) *play.Result { return play.In(c, o) }
}

// mostAtATime is how many cases are played at a time in real time, when they
// mostly wait.
const mostAtATime = 64

func (w *worldFlags) workers(asked int) int {
	switch {
	case w.world == play.Device:
		return 1 // there is one pair of devices
	case asked == 0 && w.world != play.Sim:
		return mostAtATime
	}
	return asked
}
