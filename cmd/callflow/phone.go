package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/cmd/callflow/phone"
)

// phoneOptions are the flags of phone.
type phoneOptions struct {
	phone.Config
	soundFlags
	listen string
}

func newPhone() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "phone",
		Short: "A telephone: place and take calls, with sound devices or wave files",
		Long:  "A telephone: place and take calls, with sound devices or wave files.\n\n" + phone.Help,
		Example: "  callflow phone call sip:bob@192.0.2.1\n  callflow phone answer --id bob\n" +
			"  callflow phone answer --id service --listen 127.0.0.1:5060 --auto-answer --play music.wav",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPhoneCall(), newPhoneAnswer())
	return cmd
}

func newPhoneCall() *cobra.Command {
	o := &phoneOptions{}
	cmd := &cobra.Command{
		Use: "call URI", Short: "Place a call",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("phone call: expected one URI, such as sip:bob@192.0.2.1, found %d", len(args))
			}
			return nil
		},
		Example: "  callflow phone call sip:bob@192.0.2.1\n  callflow phone call bob --config ~/.callflow\n" +
			"  callflow phone call sip:echo@192.0.2.1 --play hello.wav --record heard.wav --duration 5s",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, func(ctx context.Context, p *phone.Phone) error { return p.Call(ctx, args[0]) })
		},
	}
	o.flags(cmd, "")
	cmd.Flags().StringVar(&o.Transport, "transport", "", "udp, tcp or tls (default: what DNS says)")
	cmd.Flags().StringVar(&o.Proxy, "proxy", "", "HOST[:PORT] that calls go to")
	return cmd
}

func newPhoneAnswer() *cobra.Command {
	o := &phoneOptions{}
	cmd := &cobra.Command{
		Use: "answer", Short: "Wait for calls and take them", Args: cobra.NoArgs,
		Example: "  callflow phone answer --id bob\n  callflow phone answer --id service --auto-answer --calls 1 --play music.wav",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd, func(ctx context.Context, p *phone.Phone) error { return p.Answer(ctx) })
		},
	}
	o.flags(cmd, "0.0.0.0:5060")
	cmd.Flags().IntVar(&o.Calls, "calls", 0, "leave after as many calls (default: when told to)")
	return cmd
}

func (o *phoneOptions) flags(cmd *cobra.Command, listen string) {
	o.soundFlags.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", listen, "ADDRESS, PORT or ADDRESS:PORT of ours, UDP and TCP;\nwith --config the ports are those of its settings")
	f.StringVar(&o.ID, "id", "", "who we are: USER or USER@DOMAIN (default: the user of the system); with --config, which account")
	f.StringVar(&o.Folder, "config", "", "FOLDER with a file config: settings, and accounts, which register")
	f.StringVar(&o.Play, "play", "", "wave FILE to speak in place of the microphone, over and over")
	f.StringVar(&o.Record, "record", "", "wave FILE to record both sides to")
	f.BoolVar(&o.AutoAnswer, "auto-answer", false, "take calls, and transfers, without asking; several calls at a time")
	f.DurationVar(&o.Duration, "duration", 0, "hang up when a call has stood that long")
}

// run runs a phone. Its exit code is 0 if there was a call, or none was to be
// placed; 1 if it failed; 2 if it could not be placed.
func (o *phoneOptions) run(cmd *cobra.Command, use func(context.Context, *phone.Phone) error) error {
	if err := o.check(); err != nil {
		return exit{exitBadInput, err.Error()}
	}
	if o.Play != "" && o.input == "" {
		o.input = audio.Nothing
	}
	driver, release, err := o.open(slog.New(slog.DiscardHandler))
	if err != nil {
		return exit{exitBadInput, err.Error()}
	}
	defer release()
	o.Driver, o.Keys, o.Out = driver, cmd.InOrStdin(), cmd.OutOrStdout()
	if restore := rawTerminal(o.Keys, o.Out); restore != nil {
		o.Terminal = true
		defer restore()
	}
	o.frugal(cmd)
	p, err := phone.New(o.Config)
	if err != nil {
		return exit{exitBadInput, err.Error()}
	}
	ctx, cancel := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	err = use(ctx, p)
	if _, failed := errors.AsType[*phone.FailedError](err); failed {
		return exit{code: exitFailed} // the phone has said so
	}
	if err != nil {
		return exit{exitBadInput, err.Error()}
	}
	return nil
}

// frugal sets the process up for a phone. Memory is given back when it is quiet.
// One processor is enough for a thousand calls, and waking a second one for every
// packet costs more than it gives, unless a sound device would wait for it or the
// user has an opinion (GOMAXPROCS).
func (o *phoneOptions) frugal(cmd *cobra.Command) {
	if cmd.Root().Annotations[isCommand] == "" {
		return
	}
	o.Quiet = debug.FreeOSMemory
	if o.Driver == nil && os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
}

// check finds mistakes before anything is opened.
func (o *phoneOptions) check() error {
	switch {
	case o.Calls < 0:
		return fmt.Errorf("--calls %d: expected a number of calls, or 0 for no limit", o.Calls)
	case o.Duration < 0:
		return fmt.Errorf("--duration %v: expected a time such as 5s, or 0 for no limit", o.Duration)
	case !slices.Contains([]string{"", "udp", "tcp", "tls"}, o.Transport):
		return fmt.Errorf("--transport %s: expected udp, tcp or tls", o.Transport)
	}
	return o.where()
}

// where reads --listen.
func (o *phoneOptions) where() error {
	if o.listen == "" {
		return nil
	}
	if addr, err := netip.ParseAddr(o.listen); err == nil {
		o.Host = addr
		return nil
	}
	at, err := netip.ParseAddrPort(o.listen)
	if err != nil {
		if port, e := strconv.ParseUint(o.listen, 10, 16); e == nil {
			o.Port = int(port)
			return nil
		}
		return fmt.Errorf("--listen %s: expected ADDRESS, PORT or ADDRESS:PORT", o.listen)
	}
	if o.Port = int(at.Port()); !at.Addr().IsUnspecified() {
		o.Host = at.Addr()
	}
	return nil
}

// rawTerminal makes single keys readable, if both are a terminal. The function
// returned undoes it.
func rawTerminal(in io.Reader, out io.Writer) (restore func()) {
	keys, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(keys.Fd())) || !isTerminal(out) {
		return nil
	}
	state, err := term.MakeRaw(int(keys.Fd()))
	if err != nil {
		return nil
	}
	return func() { _ = term.Restore(int(keys.Fd()), state) }
}
