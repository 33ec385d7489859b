package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// worldFlags say in which world the cases are played.
type worldFlags struct {
	world     string
	tolerance time.Duration
}

var worlds = []string{play.Sim, play.Loopback}

func (w *worldFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&w.world, "world", play.Sim, "where to play: sim (simulated network, virtual time)\n"+
		"or loopback (UDP, TCP and TLS sockets of 127.0.0.1, real time)")
	f.DurationVar(&w.tolerance, "tolerance", play.DefaultTolerance, "how far instants may be off in real time")
}

// check finds out whether the world exists.
func (w *worldFlags) check() error {
	if slices.Contains(worlds, w.world) {
		return nil
	}
	return exit{exitBadInput, fmt.Sprintf("--world %s: expected one of %s", w.world, strings.Join(worlds, ", "))}
}

// player plays a case in the world.
func (w *worldFlags) player(log bool) func(*scenario.Case) *play.Result {
	o := play.Options{World: w.world, Log: log, Tolerance: w.tolerance}
	return func(c *scenario.Case) *play.Result { return play.In(c, o) }
}

// mostAtATime is how many cases are played at a time in real time, when they
// mostly wait.
const mostAtATime = 64

func (w *worldFlags) workers(asked int) int {
	if asked == 0 && w.world != play.Sim {
		return mostAtATime
	}
	return asked
}
