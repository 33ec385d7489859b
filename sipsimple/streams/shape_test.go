package streams_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// The streams of this package implement the interface, and so can any type of a
// program: it has no private methods.
var _ = []streams.MediaStream{
	(*streams.AudioStream)(nil), (*streams.ChatStream)(nil), (*streams.FileTransferStream)(nil),
	(*streams.DesktopSharingStream)(nil), (*stub)(nil),
}

// stub is the least stream that a program can write.
type stub struct{ index int }

func (*stub) Type() string                                        { return "stub" }
func (*stub) HoldSupported() bool                                 { return false }
func (*stub) OnHoldByLocal() bool                                 { return false }
func (*stub) OnHoldByRemote() bool                                { return false }
func (*stub) OnHold() bool                                        { return false }
func (s *stub) Index() int                                        { return s.index }
func (s *stub) SetIndex(index int)                                { s.index = index }
func (*stub) Initialize(streams.Session, streams.Direction) error { return nil }
func (*stub) LocalMedia(bool) (*psdp.MediaDescription, error)     { return nil, nil }
func (*stub) Start(_, _ *psdp.SessionDescription, _ int) error    { return nil }
func (*stub) ValidateUpdate(*psdp.SessionDescription, int) bool   { return true }
func (*stub) Update(_, _ *psdp.SessionDescription, _ int)         {}
func (*stub) Hold()                                               {}
func (*stub) Unhold()                                             {}
func (*stub) Deactivate()                                         {}
func (*stub) End()                                                {}

// TestAnyStream: a stream of a program goes through the registry like those of
// this package (row I3).
func TestAnyStream(t *testing.T) {
	registry := &streams.Registry{}
	streams.RegisterBuiltIn(registry)
	registry.Add(streams.Factory{
		Type: "stub", Priority: 1,
		New: func(*streams.Environment) (streams.MediaStream, error) { return &stub{}, nil },
		NewFromSDP: func(*streams.Environment, *psdp.SessionDescription, int) (streams.MediaStream, error) {
			return &stub{}, nil
		},
	})
	offer := &psdp.SessionDescription{MediaDescriptions: []*psdp.MediaDescription{{MediaName: psdp.MediaName{Media: "text"}}}}
	got, err := registry.NewFromSDP(&streams.Environment{}, offer, 0)
	if _, ok := got.(*stub); !ok || err != nil {
		t.Errorf("the registry made %T, %v", got, err)
	}
}

// TestFourStreams: all four streams are made by this one package (row I4).
func TestFourStreams(t *testing.T) {
	center := notification.NewCenter(nil)
	mixer, err := audio.NewMixer(audio.MixerConfig{Center: center})
	if err != nil {
		t.Fatal(err)
	}
	defer mixer.Close()
	env := &streams.Environment{Center: center, Rand: rand.NewChaCha8([32]byte{}), Mixer: mixer}
	file, err1 := streams.NewFileTransferStream(env, streams.FileSelector{Name: "a", Size: 0, Content: &bytes.Buffer{}}, callsdp.SendOnly)
	desktop, err2 := streams.NewDesktopSharingStream(env, streams.NewInternalVNCViewerHandler(env))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	list := []streams.MediaStream{streams.NewAudioStream(env), streams.NewChatStream(env), file, desktop}
	types := ""
	for _, s := range list {
		types += s.Type() + " "
		s.End()
	}
	if want := fmt.Sprintf("audio chat %s %s ", streams.FileTransferType, streams.DesktopSharingType); types != want {
		t.Errorf("types %q, want %q", types, want)
	}
}
