// Command linphone is an adapter that puts Linphone in the place of a party:
//
//	go build -o linphone-adapter ./examples/linphone
//	callflow run call/ --world loopback --party bob=exec:./linphone-adapter
//
// It needs the program linphone-daemon (Debian: linphone-cli) and starts one for
// each case, with a home of its own in a temporary folder. See docs/phones.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/adapter"
	"github.com/go-sipsimple/callflow/conformance/play"
)

func main() {
	if err := adapter.Serve(os.Stdin, os.Stdout, &phone{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// phone is a Linphone. It has one call at a time.
type phone struct {
	home   string
	daemon *daemon
	held   bool
}

// configuration is that of Linphone: where it listens and who it is.
const configuration = `[sip]
bind_address=%s
sip_port=%d
sip_tcp_port=%d
sip_tls_port=0
contact=%s
inc_timeout=3600
media_encryption=%s
media_encryption_mandatory=%d
auto_net_state_mon=0
[rtp]
audio_rtp_port=-1
[video]
enabled=0
capture=0
display=0
`

// Begin implements [play.Phone].
func (p *phone) Begin(ctx context.Context, in play.Place) (ready play.Ready, err error) {
	if !in.Address.IsValid() {
		return play.Ready{}, errors.New("this adapter runs Linphone on this machine: leave --address out")
	}
	if p.home, err = os.MkdirTemp("", "linphone"); err != nil {
		return play.Ready{}, err
	}
	// Without a folder for its data it does not listen.
	if err := os.MkdirAll(filepath.Join(p.home, ".local/share/linphone"), 0o700); err != nil {
		return play.Ready{}, err
	}
	if err := os.WriteFile(p.file("rc"), []byte(settings(in)), 0o600); err != nil {
		return play.Ready{}, err
	}
	if err := adapter.WriteTones(p.file("tone.wav"), in.Plays, 10*time.Minute); err != nil {
		return play.Ready{}, err
	}
	if p.daemon, err = start(p.home, p.file("rc"), p.file("tone.wav")); err != nil {
		return play.Ready{}, err
	}
	if err := p.daemon.tell(ctx, "ipv6 disable"); err != nil {
		return play.Ready{}, err
	}
	return play.Ready{Plays: true}, p.useCodec(ctx, in.Codec)
}

func (p *phone) file(name string) string { return filepath.Join(p.home, name) }

func settings(in play.Place) string {
	udp, tcp := in.Port, 0
	if in.Transport == "tcp" {
		udp, tcp = 0, in.Port
	}
	encryption, mandatory := "none", 0
	if in.SRTP != "" && in.SRTP != "off" {
		encryption = "srtp"
	}
	if in.SRTP == "mandatory" {
		mandatory = 1
	}
	return fmt.Sprintf(configuration, in.Address, udp, tcp, in.Identity, encryption, mandatory)
}

// useCodec leaves one codec, or two, and the keys.
func (p *phone) useCodec(ctx context.Context, name string) error {
	if err := p.daemon.tell(ctx, "audio-codec-disable ALL"); err != nil {
		return err
	}
	names := []string{name}
	if name == "" {
		names = []string{"PCMU", "PCMA"}
	}
	for _, name := range names {
		if err := p.daemon.tell(ctx, "audio-codec-enable "+name+"/8000/1"); err != nil {
			return err
		}
	}
	return nil
}

// Do implements [play.Phone].
func (p *phone) Do(ctx context.Context, o play.Order) error {
	if len(o.Streams) > 0 && !slices.Equal(o.Streams, []string{"audio"}) {
		return &play.CannotError{What: o.Do + " streams other than one of audio"}
	}
	switch o.Do {
	case "call":
		return p.daemon.tell(ctx, "call "+o.To)
	case "ring": // it has done so by itself
		return p.daemon.await(ctx, incoming)
	case "accept":
		return p.after(ctx, "answer", incoming)
	case "reject":
		if o.Code != 603 {
			return &play.CannotError{What: fmt.Sprintf("refuse with %d", o.Code)}
		}
		return p.after(ctx, "terminate", incoming)
	case "end":
		_ = p.daemon.tell(ctx, "terminate "+p.daemon.id()) // without a call nothing happens
		return nil
	case "hold", "unhold":
		return p.hold(ctx, o.Do == "hold")
	case "transfer":
		return p.after(ctx, "call-transfer "+p.daemon.id()+" "+o.To, running)
	case "dtmf":
		for _, digit := range o.Text {
			if err := p.after(ctx, "dtmf "+string(digit), running); err != nil {
				return err
			}
		}
		return nil
	}
	return &play.CannotError{What: strings.ReplaceAll(o.Do, "_", " ")}
}

// hold changes what is not so already.
func (p *phone) hold(ctx context.Context, on bool) error {
	if on == p.held {
		return nil
	}
	p.held = on
	if on {
		return p.after(ctx, "call-pause "+p.daemon.id(), running, theyHold)
	}
	return p.after(ctx, "call-resume "+p.daemon.id(), paused)
}

// after gives a command once the call is in one of some states.
func (p *phone) after(ctx context.Context, command string, states ...string) error {
	if err := p.daemon.await(ctx, states...); err != nil {
		return err
	}
	return p.daemon.tell(ctx, command)
}

// End implements [play.Phone].
func (p *phone) End() {
	if p.daemon != nil {
		p.daemon.quit()
	}
	if p.home != "" {
		_ = os.RemoveAll(p.home)
	}
}
