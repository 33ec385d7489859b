// Command baresip is an adapter that puts baresip in the place of a party:
//
//	go build -o baresip-adapter ./examples/baresip
//	callflow run call/ --world loopback --party bob=exec:./baresip-adapter
//
// It needs the program baresip (Debian: baresip-core) and starts one for each
// case, with a configuration of its own in a temporary folder. See docs/phones.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
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

// phone is a baresip. It has one call at a time.
type phone struct {
	folder  string
	process *exec.Cmd
	control *control
	held    bool
}

// configuration is that of baresip: where it listens, its microphone, its
// modules, and the port of its control connection.
const configuration = `poll_method epoll
sip_listen %[1]s:%[2]d
net_interface 127.0.0.1
audio_player aubridge,ear
audio_source %[3]s
audio_alert aubridge,bell
module_path %[4]s
module g711.so
module g722.so
module aubridge.so
module aufile.so
module srtp.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen %[1]s:4444
`

// Begin implements [play.Phone].
func (p *phone) Begin(ctx context.Context, in play.Place) (play.Ready, error) {
	modules, err := filepath.Glob("/usr/lib*/*baresip/modules")
	if err != nil || len(modules) == 0 {
		return play.Ready{}, errors.New("the modules of baresip are not there: Debian's package is baresip-core")
	}
	if !in.Address.IsValid() {
		return play.Ready{}, errors.New("this adapter runs baresip on this machine: leave --address out")
	}
	if p.folder, err = os.MkdirTemp("", "baresip"); err != nil {
		return play.Ready{}, err
	}
	microphone, err := p.microphone(in.Plays)
	if err != nil {
		return play.Ready{}, err
	}
	account := fmt.Sprintf("<%s;transport=%s>;regint=0;answermode=manual;audio_codecs=%s", in.Identity, in.Transport, codec(in.Codec))
	if in.SRTP != "" && in.SRTP != "off" {
		account += ";mediaenc=srtp"
	}
	files := map[string]string{
		"config":   fmt.Sprintf(configuration, in.Address, in.Port, microphone, modules[0]),
		"accounts": account + "\n", "contacts": "",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o600); err != nil {
			return play.Ready{}, err
		}
	}
	p.process = exec.Command("baresip", "-f", p.folder)
	p.process.Stdout, p.process.Stderr = os.Stderr, os.Stderr
	if err := p.process.Start(); err != nil {
		return play.Ready{}, err
	}
	p.control, err = dial(ctx, fmt.Sprintf("%v:4444", in.Address))
	return play.Ready{Plays: true}, err
}

// codec is what baresip calls a codec.
func codec(name string) string {
	if name == "" {
		return "PCMU,PCMA"
	}
	return name
}

// microphone is a source of baresip that hears tones for ten minutes, or nothing.
func (p *phone) microphone(tones []float64) (string, error) {
	name := filepath.Join(p.folder, "tone.wav")
	return "aufile," + name, adapter.WriteTones(name, tones, 10*time.Minute)
}

// Do implements [play.Phone].
func (p *phone) Do(ctx context.Context, o play.Order) error {
	if len(o.Streams) > 0 && !slices.Equal(o.Streams, []string{"audio"}) {
		return &play.CannotError{What: o.Do + " streams other than one of audio"}
	}
	switch o.Do {
	case "call":
		return p.control.tell(ctx, "dial", o.To)
	case "ring": // it has done so by itself
		return p.control.await(ctx, "CALL_INCOMING")
	case "accept":
		if err := p.control.await(ctx, "CALL_INCOMING"); err != nil {
			return err
		}
		return p.control.tell(ctx, "accept", "")
	case "reject":
		if o.Code != 486 {
			return &play.CannotError{What: fmt.Sprintf("refuse with %d", o.Code)}
		}
		if err := p.control.await(ctx, "CALL_INCOMING"); err != nil {
			return err
		}
		return p.control.tell(ctx, "hangup", "")
	case "end":
		return p.control.tell(ctx, "hangup", "")
	case "hold", "unhold":
		return p.hold(ctx, o.Do == "hold")
	case "transfer":
		return p.inCall(ctx, "transfer", o.To)
	case "dtmf":
		for _, digit := range o.Text {
			if err := p.inCall(ctx, "sndcode", string(digit)); err != nil {
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
		return p.inCall(ctx, "hold", "")
	}
	return p.inCall(ctx, "resume", "")
}

// inCall does something once a call stands.
func (p *phone) inCall(ctx context.Context, command, params string) error {
	if err := p.control.await(ctx, "CALL_ESTABLISHED"); err != nil {
		return err
	}
	return p.control.tell(ctx, command, params)
}

// End implements [play.Phone].
func (p *phone) End() {
	if p.control != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = p.control.tell(ctx, "hangup", "")
		_ = p.control.tell(ctx, "quit", "")
		cancel()
		p.control.close()
	}
	if p.process != nil && p.process.Process != nil {
		stop := time.AfterFunc(2*time.Second, func() { _ = p.process.Process.Kill() })
		_ = p.process.Wait()
		stop.Stop()
	}
	if p.folder != "" {
		_ = os.RemoveAll(p.folder)
	}
}
