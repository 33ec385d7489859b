package sipsimple_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
)

// softphone is what a program makes of the application.
type softphone struct {
	*sipsimple.Application
	name string
}

// TestOneValueForAll: an attribute has one value, whatever it is read through:
// another reference, or a type of the program that embeds the application (row
// A9).
func TestOneValueForAll(t *testing.T) {
	inLab(t, func(l *lab) {
		p := l.phone("alice", stored("alice@reg.test sip.register=false"))
		own := &softphone{Application: p.Application, name: "mine"}
		reference := own.Application
		same := func(when string) {
			t.Helper()
			for name, values := range map[string][3]any{
				"Storage":          {p.Storage(), own.Storage(), reference.Storage()},
				"Running":          {p.Running(), own.Running(), reference.Running()},
				"LocalNATType":     {p.LocalNATType(), own.LocalNATType(), reference.LocalNATType()},
				"VoiceAudioMixer":  {p.VoiceAudioMixer(), own.VoiceAudioMixer(), reference.VoiceAudioMixer()},
				"VoiceAudioBridge": {p.VoiceAudioBridge(), own.VoiceAudioBridge(), reference.VoiceAudioBridge()},
				"VoiceAudioDevice": {p.VoiceAudioDevice(), own.VoiceAudioDevice(), reference.VoiceAudioDevice()},
				"AlertAudioMixer":  {p.AlertAudioMixer(), own.AlertAudioMixer(), reference.AlertAudioMixer()},
				"AlertAudioBridge": {p.AlertAudioBridge(), own.AlertAudioBridge(), reference.AlertAudioBridge()},
				"AlertAudioDevice": {p.AlertAudioDevice(), own.AlertAudioDevice(), reference.AlertAudioDevice()},
				"SessionManager":   {p.SessionManager(), own.SessionManager(), reference.SessionManager()},
				"AccountManager":   {p.AccountManager(), own.AccountManager(), reference.AccountManager()},
				"Engine":           {p.Engine(), own.Engine(), reference.Engine()},
			} {
				if values[0] != values[1] || values[1] != values[2] {
					t.Errorf("%s: %s has three values: %v", when, name, values)
				}
			}
		}
		same("before the start")
		p.start()
		same("running")
		before := own.VoiceAudioMixer()
		must(t, p.Settings().Update(func(d *configuration.Draft) error { p.Settings().Audio.SampleRate.Set(d, 16000); return nil }))
		pass(1)
		if own.VoiceAudioMixer() == before {
			t.Error("the embedded application keeps an old mixer")
		}
		same("after a change")
		own.Stop()
		<-p.Done()
		same("after the end")
	})
}

// TestAttributesAreReadOnly: the application has no exported field, and no
// method that sets an attribute (row A10): what can be done to it is this.
func TestAttributesAreReadOnly(t *testing.T) {
	application := reflect.TypeFor[*sipsimple.Application]()
	for i := range application.Elem().NumField() {
		if f := application.Elem().Field(i); f.IsExported() {
			t.Errorf("the field %s can be set", f.Name)
		}
	}
	commands := map[string]bool{"Start": true, "StartFrom": true, "Stop": true, "WaitStarted": true, "NewStream": true}
	for i := range application.NumMethod() {
		m := application.Method(i)
		reads := m.Type.NumIn() == 1 && m.Type.NumOut() == 1 // of the receiver only
		if !reads && !commands[m.Name] {
			t.Errorf("%s%s neither reads an attribute nor is a known command", m.Name, strings.TrimPrefix(m.Type.String(), "func"))
		}
	}
}
