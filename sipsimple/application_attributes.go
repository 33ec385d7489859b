package sipsimple

import (
	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// The attributes of the application (application.md 2.5). Whatever is read
// through, there is one value for each application; none can be set.

func (a *Application) load() *loaded {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.loaded
}

// Storage is what StartFrom was given; nil before, after a start that failed,
// and without storage (seed: storage).
func (a *Application) Storage() storage.Storage {
	if l := a.load(); l != nil {
		return l.storage
	}
	return nil
}

// Configuration holds the settings; nil before StartFrom and without storage.
func (a *Application) Configuration() *configuration.Manager {
	if l := a.load(); l != nil {
		return l.configuration
	}
	return nil
}

// Settings are the general settings (seed: SIPSimpleSettings); nil before
// StartFrom and without storage.
func (a *Application) Settings() *configuration.General {
	if l := a.load(); l != nil {
		return l.general
	}
	return nil
}

// AccountManager knows the accounts; nil before StartFrom and without storage.
func (a *Application) AccountManager() *account.Manager {
	if l := a.load(); l != nil {
		return l.accounts
	}
	return nil
}

// Resolver finds servers by DNS; nil before the start.
func (a *Application) Resolver() *resolver.Resolver {
	if p := a.platform.Load(); p != nil {
		return p.resolver
	}
	return nil
}

// LocalNATType is the kind of NAT we are behind, "unknown" until it is known
// (seed: local_nat_type). The others are those of package natdetect.
func (a *Application) LocalNATType() string { return *a.natType.Load() }

// State is "", "starting", "started", "stopping" or "stopped".
func (a *Application) State() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return phaseNames[a.phase]
}

func (a *Application) voice() audio.Ends {
	if s := a.sound.Load(); s != nil {
		return s.Voice()
	}
	return audio.Ends{}
}

func (a *Application) alert() audio.Ends {
	if s := a.sound.Load(); s != nil {
		return s.Alert()
	}
	return audio.Ends{}
}

// Mixer is [Application.VoiceAudioMixer].
func (a *Application) Mixer() *audio.Mixer { return a.voice().Mixer }

// VoiceAudioMixer is on the input and output devices of the settings. Mixers,
// bridges and devices are nil before the start, and other objects after a change
// of the sample rate (seed: voice_audio_mixer …).
func (a *Application) VoiceAudioMixer() *audio.Mixer { return a.voice().Mixer }

// VoiceAudioBridge is where ports are heard on the output device, and hear the
// input device.
func (a *Application) VoiceAudioBridge() *audio.AudioBridge { return a.voice().Bridge }

// VoiceAudioDevice is the device as a port; always in the bridge.
func (a *Application) VoiceAudioDevice() *audio.AudioDevice { return a.voice().Device }

// AlertAudioMixer is on the alert device of the settings.
func (a *Application) AlertAudioMixer() *audio.Mixer { return a.alert().Mixer }

// AlertAudioBridge is where ports are heard on the alert device.
func (a *Application) AlertAudioBridge() *audio.AudioBridge { return a.alert().Bridge }

// AlertAudioDevice is the device as a port; always in the bridge.
func (a *Application) AlertAudioDevice() *audio.AudioDevice { return a.alert().Device }
