package audio

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestSlotsMemory: a thousand ports that have gone leave nothing behind.
func TestSlotsMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s slots
		s.insert(newNode(DeviceSlot, 160))
		device := s.at(DeviceSlot)
		for want := 1; want <= 1000; want++ {
			if slot := s.free(1000); slot != want {
				t.Fatalf("slot %d, want %d", slot, want)
			}
			s.insert(newNode(want, 160))
			device.connect(s.at(want))
		}
		if slot := s.free(1000); slot != 0 {
			t.Fatalf("slot %d, and none is free", slot)
		}
		for slot := 1; slot <= 1000; slot++ {
			s.remove(slot)
			time.Sleep(time.Millisecond)
		}
		if slot := s.free(1000); slot != 1 {
			t.Errorf("slot %d, and the first has rested", slot)
		}
		for name, room := range map[string]int{"nodes": cap(s.nodes), "released": cap(s.released), "heard by the device": cap(device.hears)} {
			if room > 256 {
				t.Errorf("room for %d %s is kept", room, name)
			}
		}
		time.Sleep(slotRest)
		if s.wake(); len(s.released) != 0 {
			t.Errorf("%d slots rest for ever", len(s.released))
		}
	})
}
