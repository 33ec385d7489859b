package sipsimple

import (
	"cmp"
	"context"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// This file asks the settings, or the Config of an application without storage.

// inviteTimeout is how long a call rings, negative without limit.
func (a *Application) inviteTimeout() time.Duration {
	g := a.Settings()
	if g == nil {
		return a.cfg.InviteTimeout
	}
	seconds, ok := g.SIP.InviteTimeout.Get()
	if !ok {
		return -1
	}
	return time.Duration(seconds) * time.Second
}

func (a *Application) userAgent() string {
	if g := a.Settings(); g != nil {
		return g.UserAgent.Get()
	}
	return a.cfg.UserAgent
}

// audioSettings are those of the sound devices. Without storage there are no
// alerts, and the mixer runs at the rate of G.711 unless [Config] says another.
func (a *Application) audioSettings() audio.Settings {
	g := a.Settings()
	if g == nil {
		return audio.Settings{
			InputDevice: audio.SystemDefault, OutputDevice: audio.SystemDefault, SampleRate: cmp.Or(a.cfg.SampleRate, 8000),
		}
	}
	return audio.Settings{
		InputDevice: g.Audio.InputDevice.Or(audio.NoDevice), OutputDevice: g.Audio.OutputDevice.Or(audio.NoDevice),
		AlertDevice: g.Audio.AlertDevice.Or(audio.NoDevice), TailLength: time.Duration(g.Audio.TailLength.Get()) * time.Millisecond,
		SampleRate: int(g.Audio.SampleRate.Get()), Silent: g.Audio.Silent.Get(),
	}
}

// environment is that of the streams of one account.
func (a *Application) environment(acc *account.Account) *streams.Environment {
	env := a.platform.Load().env
	env.Account, env.Mixer = acc, a.VoiceAudioMixer()
	if l := a.load(); l != nil {
		env.RTP = rtpSettings(env.RTP, l.general, acc)
		env.MSRP = a.msrpSettings(env.MSRP, l, acc)
	} else if env.MSRP.TLS == nil {
		env.MSRP.TLS = a.cfg.TLS
	}
	if acc != nil && acc.Settings() != nil {
		env.NAT = natSettings(acc.Settings(), a.platform.Load().resolver)
	}
	return &env
}

// natSettings are those of a stored account; the Bonjour account has none.
func natSettings(settings *configuration.Account, r *resolver.Resolver) streams.NATSettings {
	return streams.NATSettings{
		UseICE:      settings.NATTraversal.UseICE.Get(),
		STUNServers: func(ctx context.Context) []netip.AddrPort { return stunServers(ctx, r, settings) },
	}
}

// rtpSettings fills in what is not set.
func rtpSettings(rtp streams.RTPSettings, g *configuration.General, acc *account.Account) streams.RTPSettings {
	if rtp.PortMin == 0 && rtp.PortMax == 0 {
		ports := g.RTP.PortRange.Get()
		rtp.PortMin, rtp.PortMax = ports.Start, ports.End
	}
	if rtp.Timeout == 0 {
		rtp.Timeout = time.Duration(g.RTP.Timeout.Get()) * time.Second
		if rtp.Timeout == 0 {
			rtp.Timeout = -1
		}
	}
	var own *configuration.AccountRTP
	if acc != nil {
		own = acc.RTPSettings()
	}
	if len(rtp.Codecs) == 0 {
		list := g.RTP.AudioCodecList.Get()
		if own != nil {
			list = own.AudioCodecList.Or(list)
		}
		for _, codec := range list {
			rtp.Codecs = append(rtp.Codecs, string(codec))
		}
	}
	if own != nil && rtp.SRTPEncryption == "" {
		rtp.SRTPEncryption = streams.Encryption(own.SRTPEncryption.Get())
		rtp.UseSRTPWithoutTLS = own.UseSRTPWithoutTLS.Get()
	}
	return rtp
}

// matchAccount finds the account that a Request-URI calls.
func (a *Application) matchAccount(user, host string) *account.Account {
	if m := a.AccountManager(); m != nil {
		return m.Match(user, host)
	}
	return account.Match(a.cfg.Accounts, nil, user, host)
}

// listens says whether the settings want a listener for a transport.
func listens(g *configuration.General, transport configuration.SIPTransport) bool {
	for _, t := range g.SIP.TransportList.Get() {
		if t == transport {
			return true
		}
	}
	return false
}

// portOf is the port of a transport in the settings, -1 when it is not listed.
func portOf(g *configuration.General, transport configuration.SIPTransport) int {
	if !listens(g, transport) {
		return -1
	}
	switch transport {
	case configuration.TransportUDP:
		return int(g.SIP.UDPPort.Get())
	case configuration.TransportTCP:
		return int(g.SIP.TCPPort.Get())
	}
	return int(g.SIP.TLSPort.Get())
}

// oneDevice is the driver of a program that brings one duplex device; alerts go
// to nobody, so that it is not opened twice.
type oneDevice struct{ device audio.Device }

func (d oneDevice) Inputs() []string      { return []string{d.device.Name()} }
func (d oneDevice) Outputs() []string     { return d.Inputs() }
func (d oneDevice) DefaultInput() string  { return d.device.Name() }
func (d oneDevice) DefaultOutput() string { return d.device.Name() }
func (oneDevice) Watch(func())            {}
func (d oneDevice) Device(input, output string) (audio.Device, error) {
	if input == audio.NoDevice {
		return audio.NewNullDevice(), nil
	}
	return audio.FixedDriver{Only: d.device}.Device(input, output)
}
