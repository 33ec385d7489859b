package audio_test

import (
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
// members.
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
			add(t, bridge, p)
			members = append(members, p)
		}
		want := len(members) * (len(members) - 1)
		if got := mixer.Connections(); len(got) != want {
			t.Fatalf("%d members have connections %v", len(members), got)
		}
	}
}

// TestDeviceMute is P16: a muted device is connected anew, and tells it once.
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
