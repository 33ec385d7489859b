package configuration

// GeneralID is the path of the general settings.
const GeneralID = "SIPSimpleSettings"

// DefaultUserAgent is the default of the setting user_agent.
const DefaultUserAgent = "sipsimple 0.1"

// SystemDefault as the name of an audio device is the one the system prefers.
const SystemDefault = "system_default"

// General are the settings of the application as a whole (seed:
// SIPSimpleSettings; application.md 4.5). There is one for each [Manager].
type General struct {
	*Object

	DefaultAccount Nillable[string] // default_account: an account id, bonjour@local by default
	UserAgent      Setting[string]  // user_agent: User-Agent and Server headers
	InstanceID     Setting[string]  // instance_id: a URN that names this installation; "" until it is made

	Audio GeneralAudio
	Logs  GeneralLogs
	RTP   GeneralRTP
	SIP   GeneralSIP
	TLS   GeneralTLS
}

// GeneralAudio is the group audio. A device is a name, [SystemDefault] or null
// for none.
type GeneralAudio struct {
	InputDevice, OutputDevice, AlertDevice Nillable[string]

	TailLength Setting[int]        // tail_length: echo canceller, in ms; 100
	SampleRate Setting[SampleRate] // sample_rate: 44100
	Silent     Setting[bool]       // silent: no alert sounds; false
}

// GeneralLogs is the group logs.
type GeneralLogs struct {
	PJSIPLevel Setting[LogLevel] // pjsip_level: of the SIP stack; 5
}

// GeneralRTP is the group rtp.
type GeneralRTP struct {
	PortRange      Setting[PortRange]    // port_range: 50000-50500
	Timeout        Setting[int]          // timeout: seconds without media that end a call; 30
	AudioCodecList Setting[[]AudioCodec] // audio_codec_list: G722, speex, PCMU, PCMA
}

// GeneralSIP is the group sip. The TCP and the TLS port may not be the same one.
type GeneralSIP struct {
	InviteTimeout             Nillable[int] // invite_timeout: seconds a call rings, null for ever; 90
	UDPPort, TCPPort, TLSPort Setting[Port]
	TransportList             Setting[[]SIPTransport] // transport_list: tls, tcp, udp
}

// GeneralTLS is the group tls.
type GeneralTLS struct {
	CAList   Nillable[Path]       // ca_list: a file with trusted certificates; null for those of the system
	Protocol Setting[TLSProtocol] // protocol
	Timeout  Setting[int]         // timeout: of the handshake, in ms; 3000
}

// NewGeneral makes the general settings of what m has loaded. sender is the
// sender of their notifications, nil for the *General. It may be called once for
// each manager; [Object.Activate] comes next.
func NewGeneral(m *Manager, sender any) (*General, error) {
	g := &General{}
	if sender == nil {
		sender = g
	}
	var err error
	g.Object, err = NewObject(m, ObjectConfig{ID: GeneralID, Sender: sender, correct: g.correct}, g.define)
	if err != nil {
		return nil, err
	}
	return g, nil
}

func (g *General) define(o *Object) {
	g.DefaultAccount = AddNillable(o, "default_account", TextSetting, BonjourID)
	g.UserAgent = Add(o, "user_agent", TextSetting, DefaultUserAgent)
	g.InstanceID = Add(o, "instance_id", TextSetting, "")

	g.Audio.InputDevice = AddNillable(o, "audio.input_device", TextSetting, SystemDefault)
	g.Audio.OutputDevice = AddNillable(o, "audio.output_device", TextSetting, SystemDefault)
	g.Audio.AlertDevice = AddNillable(o, "audio.alert_device", TextSetting, SystemDefault)
	g.Audio.TailLength = Add(o, "audio.tail_length", NonNegativeSetting, 100)
	g.Audio.SampleRate = Add(o, "audio.sample_rate", SampleRateSetting, 44100)
	g.Audio.Silent = Add(o, "audio.silent", BoolSetting, false)

	g.Logs.PJSIPLevel = Add(o, "logs.pjsip_level", LogLevelSetting, 5)

	g.RTP.PortRange = Add(o, "rtp.port_range", PortRangeSetting, PortRange{50000, 50500})
	g.RTP.Timeout = Add(o, "rtp.timeout", NonNegativeSetting, 30)
	g.RTP.AudioCodecList = Add(o, "rtp.audio_codec_list", CodecListSetting, []AudioCodec{CodecG722, CodecSpeex, CodecPCMU, CodecPCMA})

	g.SIP.InviteTimeout = AddNillable(o, "sip.invite_timeout", NonNegativeSetting, 90)
	g.SIP.UDPPort = Add(o, "sip.udp_port", PortSetting, 0)
	g.SIP.TCPPort = Add(o, "sip.tcp_port", PortSetting, 0)
	g.SIP.TLSPort = Add(o, "sip.tls_port", PortSetting, 0)
	g.SIP.TransportList = Add(o, "sip.transport_list", TransportListSetting, []SIPTransport{TransportTLS, TransportTCP, TransportUDP})

	g.TLS.CAList = AddNillable(o, "tls.ca_list", PathSetting)
	g.TLS.Protocol = Add(o, "tls.protocol", TLSProtocolSetting, TLSv1)
	g.TLS.Timeout = Add(o, "tls.timeout", NonNegativeSetting, 3000)
}

// correct refuses one port for TCP and TLS: both are TCP ports.
func (g *General) correct(_ *Object, cells []cell) *violation {
	tcp, tls := cells[g.SIP.TCPPort.index].value, cells[g.SIP.TLSPort.index].value
	if tcp == tls && tls != Port(0) {
		return &violation{g.SIP.TLSPort.index, "a port other than sip.tcp_port, or 0"}
	}
	return nil
}
