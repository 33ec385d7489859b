package audio

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Errors of [AudioBridge].
var (
	ErrOtherMixer    = errors.New("port belongs to another mixer")
	ErrBridgeLoop    = errors.New("bridge would contain itself")
	ErrNotInBridge   = errors.New("port is not in the bridge")
	ErrBridgeStopped = errors.New("bridge is stopped")
)

// AudioBridge keeps its members connected, so that each hears the sum of all
// the others. It is a port itself and may be a member of another bridge; the
// whole must be a tree. Used as a member it costs two slots of the mixer and
// delays by one frame in each direction.
//
// A member that posts [AudioPortDidChangeSlots] is connected anew.
type AudioBridge struct {
	mixer *Mixer

	mu      sync.Mutex
	stopped bool
	members []member
	outward *passThrough // our producer: the sum of the members
	inward  *passThrough // our consumer: what all members hear
	made    []Connection // sorted
}

type member struct {
	port     Port
	watch    *notification.Handle // nil: not yet
	consumer int
	producer int
}

// NewAudioBridge returns an empty bridge. It uses nothing before it has members.
func NewAudioBridge(mixer *Mixer) *AudioBridge {
	return &AudioBridge{mixer: mixer, members: make([]member, 0, 2)} // mostly a device and a stream
}

// Mixer implements [Port].
func (b *AudioBridge) Mixer() *Mixer { return b.mixer }

// Add makes port a member; a member already: nothing happens. The error is
// [ErrOtherMixer], [ErrBridgeLoop] or [ErrBridgeStopped].
func (b *AudioBridge) Add(port Port) error {
	if port.Mixer() != b.mixer {
		return ErrOtherMixer
	}
	if inner, ok := port.(*AudioBridge); ok && inner.reaches(b) {
		return ErrBridgeLoop
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return ErrBridgeStopped
	}
	if b.findLocked(port) >= 0 {
		return nil
	}
	b.members = append(b.members, member{port: port})
	return b.refreshLocked()
}

// watchLocked has the bridge told when the slots of its members change, as soon as
// there is anything to connect. Until then nobody outside knows the bridge, and
// whoever has made it may forget it: a stream that is never started does.
func (b *AudioBridge) watchLocked() {
	if b.mixer.center == nil || len(b.members) < 2 && b.outward == nil {
		return
	}
	for i := range b.members {
		if m := &b.members[i]; m.watch == nil {
			m.watch = b.mixer.center.AddObserver(refresher{b},
				notification.Filter{Name: AudioPortDidChangeSlots{}.NotificationName(), Sender: m.port})
		}
	}
}

// refresher observes the members of a bridge.
type refresher struct{ bridge *AudioBridge }

// HandleNotification implements [notification.Observer].
func (r refresher) HandleNotification(notification.Notification) { r.bridge.Refresh() }

// reaches says whether other is this bridge or below it.
func (b *AudioBridge) reaches(other *AudioBridge) bool {
	if b == other {
		return true
	}
	for _, port := range b.Ports() {
		if inner, ok := port.(*AudioBridge); ok && inner.reaches(other) {
			return true
		}
	}
	return false
}

// Remove undoes Add. The error is [ErrNotInBridge].
func (b *AudioBridge) Remove(port Port) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.findLocked(port)
	if i < 0 {
		return ErrNotInBridge
	}
	b.members[i].forget()
	b.members = slices.Delete(b.members, i, i+1)
	return b.refreshLocked()
}

func (m member) forget() {
	if m.watch != nil {
		m.watch.Cancel()
	}
}

// Contains says whether port is a member.
func (b *AudioBridge) Contains(port Port) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.findLocked(port) >= 0
}

// Ports lists the members in the order they came.
func (b *AudioBridge) Ports() []Port {
	b.mu.Lock()
	defer b.mu.Unlock()
	ports := make([]Port, len(b.members))
	for i, m := range b.members {
		ports[i] = m.port
	}
	return ports
}

func (b *AudioBridge) findLocked(port Port) int {
	return slices.IndexFunc(b.members, func(m member) bool { return m.port == port })
}

// Stop empties the bridge and gives its slots back, for good.
func (b *AudioBridge) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return
	}
	b.stopped = true
	for _, m := range b.members {
		m.forget()
	}
	b.members = nil
	_ = b.refreshLocked() // connects nothing, so cannot fail
	oldConsumer, oldProducer := b.inward.release(b.mixer), b.outward.release(b.mixer)
	if data, changed := SlotChange(oldConsumer, NoSlot, oldProducer, NoSlot); changed {
		b.mixer.post(b, data)
	}
}

// Refresh connects the members anew, after a change of their slots. The bridge
// does it by itself on [AudioPortDidChangeSlots]; a port may call it to be
// connected before the notification is delivered.
func (b *AudioBridge) Refresh() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refreshLocked(); err != nil {
		b.mixer.log.Warn("audio bridge: port has a slot that does not exist", "error", err)
	}
}

// refreshLocked makes the connections of the mixer equal to the full mesh.
func (b *AudioBridge) refreshLocked() error {
	b.watchLocked()
	for i := range b.members {
		m := &b.members[i]
		m.consumer, m.producer = m.port.ConsumerSlot(), m.port.ProducerSlot()
	}
	want := b.meshLocked()
	add, remove := missing(want, b.made), missing(b.made, want)
	if len(add)+len(remove) == 0 {
		return nil
	}
	if err := b.mixer.ChangeConnections(add, remove); err != nil {
		return fmt.Errorf("bridge: %w", err)
	}
	b.made = want
	return nil
}

// missing are the connections of a sorted list that another one lacks.
func missing(list, in []Connection) (found []Connection) {
	if len(in) == 0 {
		return list
	}
	for _, c := range list {
		if _, there := slices.BinarySearchFunc(in, c, Connection.compare); !there {
			found = append(found, c)
		}
	}
	return found
}

// meshLocked is every connection the bridge stands for, sorted.
func (b *AudioBridge) meshLocked() []Connection {
	mesh := make([]Connection, 0, len(b.members)*(len(b.members)-1))
	join := func(source, sink int) {
		if source != NoSlot && sink != NoSlot {
			mesh = append(mesh, Connection{source, sink})
		}
	}
	for i, m := range b.members {
		join(b.inward.slotOrNone(), m.consumer)
		join(m.producer, b.outward.slotOrNone())
		for j, other := range b.members {
			if i != j && m.producer != other.consumer {
				join(m.producer, other.consumer)
			}
		}
	}
	slices.SortFunc(mesh, Connection.compare)
	return slices.Compact(mesh)
}
