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
	server    string
	longest   time.Duration
	soundFlags
	phoneFlags
	devices *play.Devices // of world device, from check on
}

var worlds = []string{play.Sim, play.Loopback, play.Device}

func (w *worldFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&w.world, "world", play.Sim, "where to play: sim (simulated network, virtual time),\n"+
		"loopback (UDP, TCP and TLS sockets of 127.0.0.1, real time)\n"+
		"or device (as loopback, the first party with --input and --output, see docs/devices.md)")
	w.soundFlags.flags(cmd)
	f.StringVar(&w.server, "server", "", "a program in the places of servers: kamailio (registrars and proxies) or coturn (STUN servers);\n"+
		"with --world loopback, plays only what has such a server")
	w.phoneFlags.flags(f)
	f.DurationVar(&w.tolerance, "tolerance", play.DefaultTolerance, "how far instants may be off in real time")
	f.DurationVar(&w.longest, "longest", play.DefaultLongest, "what takes longer than this in real time is skipped; -1s: nothing is")
}

// check finds out whether the world exists, and opens its devices.
func (w *worldFlags) check() error {
	if err := w.phoneFlags.check(w.world); err != nil {
		return err
	}
	switch {
	case !slices.Contains(worlds, w.world):
		return exit{exitBadInput, fmt.Sprintf("--world %s: expected one of %s", w.world, strings.Join(worlds, ", "))}
	case w.tolerance < 0:
		return exit{exitBadInput, fmt.Sprintf("--tolerance %v: expected 0s or more", w.tolerance)}
	case w.server != "" && w.server != play.Kamailio && w.server != play.Coturn:
		return exit{exitBadInput, fmt.Sprintf("--server %s: expected %s or %s", w.server, play.Kamailio, play.Coturn)}
	case w.server != "" && w.world != play.Loopback:
		return exit{exitBadInput, "--server is for --world loopback"}
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
	o := play.Options{
		World: w.world, Log: log, Tolerance: w.tolerance, Longest: w.longest, Devices: w.devices, Server: w.server, Phones: w.phones, Addresses: w.at,
	}
	return func(c *scenario.Case) *play.Result { return play.In(c, o) }
}

// mostServers is play.MostAtATime where each case starts a program.
const mostServers = 24

// concerned are the cases that have the servers that --server is about.
func (w *worldFlags) concerned(cases []*scenario.Case) ([]*scenario.Case, error) {
	if w.server == "" {
		return cases, nil
	}
	cases = slices.DeleteFunc(cases, func(c *scenario.Case) bool { return !play.HasServer(c, w.server) })
	if len(cases) == 0 {
		return nil, exit{exitBadInput, "--server " + w.server + ": no case has such a server"}
	}
	return cases, nil
}

// mostPhones is how many phones under test are driven at a time.
const mostPhones = 8

func (w *worldFlags) workers(asked int) int {
	switch {
	case w.world == play.Device:
		return 1 // there is one pair of devices
	case asked == 0 && w.server != "":
		return mostServers
	case w.byHand():
		return 1
	case asked == 0 && len(w.phones) > 0:
		return mostPhones
	case asked == 0 && w.world != play.Sim:
		return play.MostAtATime
	}
	return asked
}
