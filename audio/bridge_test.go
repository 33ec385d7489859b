package audio_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

func add(t testing.TB, b *audio.AudioBridge, ports ...audio.Port) {
	t.Helper()
	for _, p := range ports {
		if err := b.Add(p); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTree is P13: nested bridges sound like a flat one, a frame later a level.
func TestTree(t *testing.T) {
	device, mixer := newBench(t)
	outer, inner := audio.NewAudioBridge(mixer), audio.NewAudioBridge(mixer)
	a, b, c := newEnd(t, mixer, constant(1)), newEnd(t, mixer, constant(10)), newEnd(t, mixer, constant(100))
	add(t, outer, a, inner)
	add(t, inner, b, c)
	device.tick()
	device.tick()
	for _, x := range []struct {
		e    *end
		want int16
	}{{a, 110}, {b, 101}, {c, 11}} {
		if x.e.heard[0] != x.want {
			t.Errorf("a port hears %d, want %d", x.e.heard[0], x.want)
		}
	}
	inner.Stop()
	device.tick()
	if !a.quiet || !b.quiet || mixer.UsedSlotCount() != 3 || len(mixer.Connections()) != 0 {
		t.Errorf("after stop: %d slots, connections %v", mixer.UsedSlotCount(), mixer.Connections())
	}
	if err := inner.Add(a); !errors.Is(err, audio.ErrBridgeStopped) {
		t.Errorf("adding to a stopped bridge: %v", err)
	}
}

// TestDeepTree is P13 with three levels: each adds a frame of delay, in both directions, and nothing else.
func TestDeepTree(t *testing.T) {
	device, mixer := newBench(t)
	outer, middle, inner := audio.NewAudioBridge(mixer), audio.NewAudioBridge(mixer), audio.NewAudioBridge(mixer)
	a, b, c := newEnd(t, mixer, constant(1)), newEnd(t, mixer, constant(10)), newEnd(t, mixer, constant(100))
	add(t, outer, a, middle)
	add(t, middle, b, inner)
	add(t, inner, c)
	heard := func(e *end) int16 {
		if e.quiet {
			return 0
		}
		return e.heard[0]
	}
	for tick, want := range [][3]int16{{0, 0, 0}, {10, 101, 10}, {110, 101, 11}, {110, 101, 11}} {
		device.tick()
		if got := [3]int16{heard(a), heard(b), heard(c)}; got != want {
			t.Errorf("tick %d: they hear %d, want %d", tick, got, want)
		}
	}
}

// TestOwnSlot: a port does not hear itself, nor what has the same slot, as two views of the sound device.
func TestOwnSlot(t *testing.T) {
	_, mixer := newBench(t)
	bridge := audio.NewAudioBridge(mixer)
	add(t, bridge, audio.NewAudioDevice(mixer), audio.NewAudioDevice(mixer))
	if c := mixer.Connections(); len(c) != 0 {
		t.Errorf("connections %v", c)
	}
}

// TestStopTellsOfSlots: a nested bridge that stops has no slots any more, and says so.
func TestStopTellsOfSlots(t *testing.T) {
	center := notification.NewCenter(nil)
	var told []notification.Notification
	mixer, err := audio.NewMixer(audio.MixerConfig{Device: &bench{}, Center: center})
	if err != nil {
		t.Fatal(err)
	}
	outer, inner, plain := audio.NewAudioBridge(mixer), audio.NewAudioBridge(mixer), audio.NewAudioBridge(mixer)
	add(t, outer, inner)
	center.AddObserver(notification.ObserverFunc(func(n notification.Notification) { told = append(told, n) }))
	for _, b := range []*audio.AudioBridge{inner, inner, plain, outer} {
		b.Stop()
	}
	if err := center.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0].Sender != inner || inner.ProducerSlot() != audio.NoSlot || inner.ConsumerSlot() != audio.NoSlot {
		t.Fatalf("told %v", told)
	}
	f := told[0].Fields()
	if f["consumer_slot_changed"] != true || f["producer_slot_changed"] != true || f["new_consumer_slot"] != nil || f["new_producer_slot"] != nil {
		t.Errorf("fields %v", f)
	}
}

// TestBridgeRefuses: a bridge takes no port of another mixer and no loop, and
// gives back only what is in it (row X10).
func TestBridgeRefuses(t *testing.T) {
	_, mixer := newBench(t)
	_, other := newBench(t)
	one, two, three := audio.NewAudioBridge(mixer), audio.NewAudioBridge(mixer), audio.NewAudioBridge(mixer)
	add(t, one, two)
	add(t, two, three)
	for _, inner := range []*audio.AudioBridge{one, two, three} {
		if err := three.Add(inner); !errors.Is(err, audio.ErrBridgeLoop) {
			t.Errorf("a loop: %v", err)
		}
	}
	if err := one.Add(audio.NewAudioDevice(other)); !errors.Is(err, audio.ErrOtherMixer) {
		t.Errorf("a port of another mixer: %v", err)
	}
	if err := one.Remove(three); !errors.Is(err, audio.ErrNotInBridge) {
		t.Errorf("removing a port that is not there: %v", err)
	}
	if !one.Contains(two) || one.Contains(three) {
		t.Error("membership is wrong")
	}
}

// TestMembership is P14: connections always equal those computed from the
// members: each with every other, none with itself, whoever is added twice (row
// X10).
func TestMembership(t *testing.T) {
	_, mixer := newBench(t)
	bridge := audio.NewAudioBridge(mixer)
	random := rand.New(rand.NewPCG(3, 4))
	var ports []*end
	for range 8 {
		ports = append(ports, newEnd(t, mixer, nil))
	}
	var members []*end
	for range 10000 {
		p := ports[random.IntN(len(ports))]
		if i := slices.Index(members, p); i >= 0 {
			if err := bridge.Remove(p); err != nil {
				t.Fatal(err)
			}
			members = slices.Delete(members, i, i+1)
		} else {
			add(t, bridge, p, p)
			members = append(members, p)
		}
		if !slices.Equal(bridge.Ports(), asPorts(members)) {
			t.Fatalf("ports %v, want %v", bridge.Ports(), members)
		}
		var want []audio.Connection
		for _, a := range members {
			for _, b := range members {
				if a != b {
					want = append(want, audio.Connection{Source: a.slot, Sink: b.slot})
				}
			}
		}
		slices.SortFunc(want, func(a, b audio.Connection) int { return cmp.Or(a.Source-b.Source, a.Sink-b.Sink) })
		if got := mixer.Connections(); !slices.Equal(got, want) {
			t.Fatalf("%d members have connections %v, want %v", len(members), got, want)
		}
	}
}

func asPorts(ends []*end) []audio.Port {
	ports := make([]audio.Port, len(ends))
	for i, e := range ends {
		ports[i] = e
	}
	return ports
}

// oneWay is a port that only produces, or only consumes.
type oneWay struct {
	*end
	produces, consumes bool
}

func (o oneWay) ProducerSlot() int {
	if !o.produces {
		return audio.NoSlot
	}
	return o.slot
}

func (o oneWay) ConsumerSlot() int {
	if !o.consumes {
		return audio.NoSlot
	}
	return o.slot
}

// TestPorts: anybody may write a port, which produces, consumes, or both (row
// X12); a bridge connects what is there, and follows when a port changes.
func TestPorts(t *testing.T) {
	device, mixer := newBench(t)
	bridge := audio.NewAudioBridge(mixer)
	producer := &oneWay{newEnd(t, mixer, constant(1)), true, false}
	consumer := &oneWay{newEnd(t, mixer, constant(10)), false, true}
	both := newEnd(t, mixer, constant(100))
	add(t, bridge, producer, consumer, both)
	hear := func(when string, want map[*end]int16) {
		t.Helper()
		device.tick()
		for e, level := range want {
			if e.heard[0] != level {
				t.Errorf("%s: a port hears %d, want %d", when, e.heard[0], level)
			}
		}
	}
	hear("at first", map[*end]int16{producer.end: 0, consumer.end: 101, both: 1})
	producer.consumes, consumer.produces = true, true
	bridge.Refresh()
	hear("all do both", map[*end]int16{producer.end: 110, consumer.end: 101, both: 11})
	producer.produces, producer.consumes = false, false
	bridge.Refresh()
	hear("one does nothing", map[*end]int16{producer.end: 0, consumer.end: 100, both: 10})
}

// TestDeviceMute is P16: a muted device is connected anew, and tells it once;
// only the muted direction is taken out of the bridge (row X11).
func TestDeviceMute(t *testing.T) {
	center := notification.NewCenter(nil)
	var fields []map[string]any
	center.AddObserver(notification.ObserverFunc(func(n notification.Notification) { fields = append(fields, n.Fields()) }))
	b := &bench{}
	mixer, err := audio.NewMixer(audio.MixerConfig{Device: b, Center: center})
	if err != nil {
		t.Fatal(err)
	}
	device, port, bridge := audio.NewAudioDevice(mixer), newEnd(t, mixer, constant(5)), audio.NewAudioBridge(mixer)
	add(t, bridge, device, port)
	copy(b.in, constant(9))
	device.SetInputMuted(true)
	device.SetInputMuted(true)
	if err := center.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	b.tick()
	if !port.quiet || b.out[0] != 5 {
		t.Errorf("microphone muted: port hears %d, loudspeaker %d", port.heard[0], b.out[0])
	}
	if len(fields) != 1 {
		t.Fatalf("notifications %v", fields)
	}
	want := map[string]any{"consumer_slot_changed": false, "producer_slot_changed": true, "old_producer_slot": 0, "new_producer_slot": nil}
	delete(fields[0], "timestamp")
	for name, value := range want {
		if got, ok := fields[0][name]; !ok || got != value {
			t.Errorf("%s = %v (present: %t), want %v", name, got, ok, value)
		}
	}
	if len(fields[0]) != len(want) {
		t.Errorf("fields %v", fields[0])
	}
	device.SetInputMuted(false)
	device.SetOutputMuted(true)
	if err := center.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	b.tick()
	if port.heard[0] != 9 || b.out[0] != 0 {
		t.Errorf("loudspeaker muted: port hears %d, loudspeaker %d", port.heard[0], b.out[0])
	}
}
