//go:build portaudio

package conformance_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/audio/portaudio"
	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/internal/card"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// Real sound devices take real time and one sound server: all tests of them are
// here, one after the other.

// needDevices skips the test in other worlds.
func needDevices(t *testing.T) {
	t.Helper()
	if *world != play.Device {
		t.Skip("sound devices are for -args -world=device")
	}
}

// bench is a pair of devices with the laboratory at their far ends.
type bench struct {
	t      *testing.T
	driver portaudio.Driver
	far    audio.Device
	lab    *simnet.Sound
	next   time.Time
}

// newBench plays a tone on the input and records the output, at 8 kHz.
func newBench(t *testing.T, driver portaudio.Driver, input, output string, hz float64) *bench {
	t.Helper()
	b := &bench{t: t, driver: driver, lab: simnet.NewSound([]float64{hz})}
	var err error
	if b.far, err = driver.Device(output, input); err != nil {
		t.Fatal(err)
	}
	b.lab.Prepare(8000)
	err = b.far.Open(8000, func(in, out []int16) {
		if now := time.Now(); now.Sub(b.next).Abs() > 150*time.Millisecond {
			b.next = now
		}
		b.lab.Exchange(b.next, out, in)
		b.next = b.next.Add(audio.FrameDuration)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) close() {
	if err := b.far.Close(); err != nil {
		b.t.Error(err)
	}
}

// await listens, half a second at a time, until what a Sound plays fits.
func await(t *testing.T, what string, s *simnet.Sound, fits func(hear.Result) bool) {
	t.Helper()
	var r hear.Result
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		from := time.Now()
		<-time.After(500 * time.Millisecond)
		r = hear.Measure(s.Heard(from, time.Now()), 8000, nil)
		if fits(r) {
			return
		}
	}
	t.Fatalf("%s: heard at last %+v", what, r)
}

func tone(hz float64) func(hear.Result) bool {
	return func(r hear.Result) bool { return len(r.Tones) > 0 && math.Abs(r.Tones[0]-hz) < 3 }
}

func silence(r hear.Result) bool { return r.Silence }

func TestDevicesComeAndGo(t *testing.T) {
	needDevices(t)
	c := card.Start(t, "alice", "PortAudioDevice")
	driver := openDriver(t)
	for _, list := range [][]string{driver.Inputs(), driver.Outputs()} {
		slices.Sort(list)
		if !slices.Equal(list, []string{"alice", "loopback", "system"}) {
			t.Errorf("devices %q", list)
		}
	}
	if driver.DefaultInput() != "system" || driver.DefaultOutput() != "system" {
		t.Errorf("defaults %q and %q", driver.DefaultInput(), driver.DefaultOutput())
	}
	for _, info := range driver.Devices() {
		info.Name, info.DefaultInput, info.DefaultOutput = "", false, false
		if want := (portaudio.Info{API: "JACK", Inputs: 2, Outputs: 2, SampleRate: 48000}); info != want {
			t.Errorf("%+v, want %+v", info, want)
		}
	}
	if _, err := driver.Device("nobody", "alice"); !errors.Is(err, audio.ErrUnknownDevice) {
		t.Errorf("an unknown device: %v", err)
	}
	changed := make(chan struct{}, 10)
	driver.Watch(func() { changed <- struct{}{} })
	c.Plug("carol")
	awaitList(t, driver, changed, true)
	c.Unplug("carol")
	awaitList(t, driver, changed, false)
	driver.Watch(nil)
}

// awaitList waits for the changes after which carol is listed, or is not: a device
// that was seen while its ports came, one by one, makes more than one.
func awaitList(t *testing.T, driver portaudio.Driver, changed <-chan struct{}, listed bool) {
	t.Helper()
	limit := time.After(60 * time.Second)
	for {
		select {
		case <-changed:
			in, out := slices.Contains(driver.Inputs(), "carol"), slices.Contains(driver.Outputs(), "carol")
			if in == listed && out == listed {
				return
			}
		case <-limit:
			t.Fatalf("carol listed %v: inputs %q, outputs %q", listed, driver.Inputs(), driver.Outputs())
		}
	}
}

// A tone that a device plays comes back to it, at any rate of the mixer, as clean
// as it was.
func TestDeviceHearsItself(t *testing.T) {
	needDevices(t)
	card.Start(t, "alice")
	driver := openDriver(t)
	for _, rate := range []int{8000, 16000, 44100, 48000} {
		device, err := driver.Device("alice", "alice")
		if err != nil {
			t.Fatal(err)
		}
		phase := 0
		heard := make(chan []int16, 500)
		err = device.Open(rate, func(in, out []int16) {
			for i := range out {
				out[i] = int16(10000 * math.Sin(2*math.Pi*440*float64(phase)/float64(rate)))
				phase++
			}
			select {
			case heard <- slices.Clone(in):
			default:
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := device.Open(rate, nil); !errors.Is(err, audio.ErrDeviceOpen) {
			t.Errorf("opened twice: %v", err)
		}
		// A busy machine is late now and then: half a second must be clean, of the
		// first of a quiet one.
		best := math.Inf(-1)
		for tries := 0; best < 40 && tries < 60; tries++ {
			var samples []int16
			for range 25 {
				samples = append(samples, <-heard...)
			}
			best = max(best, hear.Measure(samples, rate, []float64{440}).SNR)
		}
		if best < 40 {
			t.Errorf("%d Hz: SNR %.1f dB", rate, best)
		}
		if err := device.Close(); err != nil {
			t.Error(err)
		}
	}
}

// phone is an application with sockets of 127.0.0.1.
type phone struct {
	*sipsimple.Application
	account *account.Account
	events  chan notification.Notification
}

func newPhone(t *testing.T, name string, driver audio.Driver, sound audio.Device) *phone {
	t.Helper()
	network, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{account: &account.Account{ID: name + "@127.0.0.1"}, events: make(chan notification.Notification, 1000)}
	p.Application, err = sipsimple.NewApplication(sipsimple.Config{
		Net: network, Host: netip.MustParseAddr("127.0.0.1"), TCPPort: -1, TLSPort: -1, Logger: slog.New(slog.DiscardHandler),
		Driver: driver, Sound: sound, Accounts: []*account.Account{p.account},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		if n.Name == "SIPSessionNewIncoming" {
			session := n.Sender.(*sipsimple.Session)
			if err := session.Accept(session.ProposedStreams(), nil); err != nil {
				t.Error(err)
			}
		}
		p.events <- n
	}))
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// stop ends the phone, once.
func (p *phone) stop() {
	p.Stop()
	<-p.Done()
}

// await waits for a notification.
func (p *phone) await(t *testing.T, name string) notification.Notification {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case n := <-p.events:
			if n.Name == name {
				return n
			}
		case <-limit:
			t.Fatalf("no %s", name)
		}
	}
}

// call calls another phone.
func (p *phone) call(t *testing.T, other *phone) *sipsimple.Session {
	t.Helper()
	at, _ := other.Engine().Addr("udp")
	to, err := core.ParseAddress(fmt.Sprintf("<sip:%s>", other.account.ID))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := p.NewStream("audio", p.account)
	if err != nil {
		t.Fatal(err)
	}
	session := sipsimple.NewSession(p.Application, p.account)
	route := core.Route{Address: at.Addr().String(), Port: int(at.Port()), Transport: "udp"}
	if err := session.Connect(to, []core.Route{route}, []streams.MediaStream{stream}, nil); err != nil {
		t.Fatal(err)
	}
	p.await(t, "SIPSessionDidStart")
	return session
}

// Both devices of a call are unplugged: it goes on with those of the system. When
// they are plugged in again, they are heard again.
func TestUnpluggedDuringACall(t *testing.T) {
	needDevices(t)
	c := card.Start(t, "carol", "dave")
	driver := openDriver(t)
	b := newBench(t, driver, "carol", "dave", 440)
	bob := simnet.NewSound([]float64{880})
	caller := newPhone(t, "alice", audio.Preferred{Driver: driver, Input: "carol", Output: "dave"}, nil)
	callee := newPhone(t, "bob", nil, bob)
	var once sync.Once
	stop := func() { once.Do(func() { caller.stop(); callee.stop() }) }
	defer stop()
	session := caller.call(t, callee)
	await(t, "bob hears carol", bob, tone(440))
	await(t, "dave hears bob", b.lab, tone(880))

	b.close()
	c.Unplug("carol")
	c.Unplug("dave")
	n := caller.await(t, "AudioDevicesDidChange").Data.(audio.AudioDevicesDidChange)
	if !slices.Contains(n.OldDevices, "carol") || slices.Contains(n.NewDevices, "carol") {
		t.Errorf("%+v", n)
	}
	await(t, "bob hears nothing", bob, silence)
	if session.State() != sipsimple.Connected {
		t.Errorf("the call is %s", session.State())
	}
	before := packetsOf(session)

	c.Plug("carol")
	c.Plug("dave")
	caller.await(t, "AudioDevicesDidChange")
	b = newBench(t, driver, "carol", "dave", 441)
	defer b.close()
	await(t, "bob hears carol again", bob, tone(441))
	await(t, "dave hears bob again", b.lab, tone(880))
	if after := packetsOf(session); after <= before {
		t.Errorf("%d packets sent, %d before", after, before)
	}
	session.End()
	caller.await(t, "SIPSessionDidEnd")
	stop()
}

func packetsOf(s *sipsimple.Session) uint64 {
	return s.Streams()[0].(*streams.AudioStream).Totals().TX.Packets
}
