package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/audio/portaudio"
)

func newDevices() *cobra.Command {
	return &cobra.Command{
		Use:   "devices",
		Short: "List the sound devices of this machine",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			driver, err := portaudio.Open(slog.New(slog.DiscardHandler))
			if err != nil {
				return exit{exitBadInput, err.Error()}
			}
			list := driver.Devices()
			if err := driver.Close(); err != nil {
				return exit{exitBroken, err.Error()}
			}
			if len(list) == 0 {
				return exit{exitBadInput, "this machine has no sound devices"}
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tSYSTEM\tIN\tOUT\tRATE\tDEFAULT")
			for _, d := range list {
				fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d Hz\t%s\n", d.Name, d.API, d.Inputs, d.Outputs, d.SampleRate, defaultOf(d))
			}
			return w.Flush()
		},
	}
}

func defaultOf(d portaudio.Info) string {
	switch {
	case d.DefaultInput && d.DefaultOutput:
		return "in, out"
	case d.DefaultInput:
		return "in"
	case d.DefaultOutput:
		return "out"
	}
	return ""
}

// soundFlags choose sound devices.
type soundFlags struct{ input, output string }

func (f *soundFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.input, "input", "", "sound device to hear from, as \"callflow devices\" names it; null for none")
	cmd.Flags().StringVar(&f.output, "output", "", "sound device to play on; null for none")
}

// open opens the sound devices. Without any, and when none was asked for or none is
// wanted, the driver is nil. The function returned lets go of them.
func (f *soundFlags) open(log *slog.Logger) (audio.Driver, func(), error) {
	wanted := func(name string) bool { return name != "" && name != audio.Nothing }
	if f.input == audio.Nothing && f.output == audio.Nothing {
		return nil, func() {}, nil
	}
	driver, err := portaudio.Open(log)
	if err != nil {
		if errors.Is(err, portaudio.ErrNotBuilt) && !wanted(f.input) && !wanted(f.output) {
			return nil, func() {}, nil
		}
		return nil, nil, err
	}
	for _, each := range []struct {
		flag, name, does string
		list             []string
	}{{"--input", f.input, "hear", driver.Inputs()}, {"--output", f.output, "play", driver.Outputs()}} {
		if wanted(each.name) && !slices.Contains(each.list, each.name) {
			_ = driver.Close() // nothing was opened
			return nil, nil, fmt.Errorf("%s: there is no sound device %q that can %s; see callflow devices", each.flag, each.name, each.does)
		}
	}
	return audio.Preferred{Driver: driver, Input: f.input, Output: f.output}, func() { _ = driver.Close() }, nil
}
