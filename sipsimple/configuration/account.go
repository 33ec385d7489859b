package configuration

// AccountsGroup is where accounts are stored, by id.
const AccountsGroup = "Accounts"

// Account are the settings of one account (application.md 4.6). Their values say
// nothing about whether it is registered: that is package account's.
type Account struct {
	*Object

	Enabled     Setting[bool]    // enabled: false
	DisplayName Nillable[string] // display_name

	Auth           AccountAuth
	SIP            AccountSIP
	RTP            AccountRTP
	DialogEvent    AccountSwitch
	NATTraversal   AccountNATTraversal
	MessageSummary AccountMessageSummary
	MSRP           AccountMSRP
	Presence       AccountPresence
	XCAP           AccountXCAP
	TLS            AccountTLS
}

// AccountAuth is the group auth: digest authentication (RFC 8760).
type AccountAuth struct {
	Username Nillable[string] // username: null for the user part of the id
	Password Setting[Secret]  // password
}

// AccountSIP is the group sip.
type AccountSIP struct {
	AlwaysUseMyProxy Setting[bool]          // always_use_my_proxy: false
	OutboundProxy    Nillable[ProxyAddress] // outbound_proxy
	Register         Setting[bool]          // register: true

	// In seconds, 3600 by default.
	RegisterInterval, SubscribeInterval, PublishInterval Setting[int]
}

// AccountRTP is the group rtp.
type AccountRTP struct {
	AudioCodecList    Nillable[[]AudioCodec]  // audio_codec_list: null for the general one
	SRTPEncryption    Setting[SRTPEncryption] // srtp_encryption: disabled
	UseSRTPWithoutTLS Setting[bool]           // use_srtp_without_tls: false
}

// AccountSwitch is a group that can only be turned on.
type AccountSwitch struct {
	Enabled Setting[bool] // enabled: false
}

// AccountNATTraversal is the group nat_traversal.
type AccountNATTraversal struct {
	UseICE                  Setting[bool]          // use_ice: false
	STUNServerList          Nillable[[]STUNServer] // stun_server_list: null to find them by DNS
	MSRPRelay               Nillable[ProxyAddress] // msrp_relay
	UseMSRPRelayForOutbound Setting[bool]          // use_msrp_relay_for_outbound: false
}

// AccountMessageSummary is the group message_summary (RFC 3842).
type AccountMessageSummary struct {
	Enabled      Setting[bool]        // enabled: false
	VoicemailURI Nillable[SIPAddress] // voicemail_uri: null for the account's address
}

// AccountMSRP is the group msrp. With the model relay, streams that a peer offers
// fail on a domain without a relay: there the model must be acm.
type AccountMSRP struct {
	Transport       Setting[MSRPTransport]       // transport: tls
	ConnectionModel Setting[MSRPConnectionModel] // connection_model: relay
}

// AccountPresence is the group presence.
type AccountPresence struct {
	Enabled Setting[bool] // enabled: false
	UseRLS  Setting[bool] // use_rls: false
}

// AccountXCAP is the group xcap.
type AccountXCAP struct {
	Enabled    Setting[bool]    // enabled: false
	Discovered Setting[bool]    // discovered: set when a server was found; false
	XCAPRoot   Nillable[string] // xcap_root: null to find it by DNS
}

// AccountTLS is the group tls.
type AccountTLS struct {
	Certificate  Nillable[Path] // certificate: a file with certificate and key
	VerifyServer Setting[bool]  // verify_server: true
}

// AccountIDs are the ids of the stored accounts, sorted, without that of the
// Bonjour account. [NewAccount] judges whether they are good. Error:
// [ErrNotStarted].
func AccountIDs(m *Manager) ([]string, error) {
	names, err := m.Names(AccountsGroup)
	if err != nil {
		return nil, err
	}
	ids := names[:0]
	for _, name := range names {
		if name != BonjourID {
			ids = append(ids, name)
		}
	}
	return ids, nil
}

// AccountConfig says who stands behind the settings of an account. The zero
// value is good.
type AccountConfig struct {
	Sender           any    // sender of the notifications; nil means the *Account, or *Bonjour
	BeforeActivation func() // see [ObjectConfig]
}

// NewAccount makes the settings of the account id, user@domain, from what is
// stored, or new ones. [Object.Activate] comes next for a stored one; a new one
// is created by its first [Object.Update] or [Object.Save]. Errors as those of
// [NewObject].
func NewAccount(m *Manager, id string, cfg AccountConfig) (*Account, error) {
	a := &Account{}
	if cfg.Sender == nil {
		cfg.Sender = a
	}
	var err error
	a.Object, err = NewObject(m, ObjectConfig{
		Group: AccountsGroup, ID: id, Dynamic: true, CheckID: checkAccountID,
		Sender: cfg.Sender, BeforeActivation: cfg.BeforeActivation,
		moved: map[string]string{"password": "auth.password"},
	}, a.define)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Address is the id as a SIP address.
func (a *Account) Address() SIPAddress {
	address, _ := ParseSIPAddress(a.ID()) // an id is one
	return address
}

func checkAccountID(id string) (string, error) {
	address, err := ParseSIPAddress(id)
	if err != nil {
		return "", err
	}
	if address.String() == BonjourID {
		return "", errSIPAddress
	}
	return address.String(), nil
}

func (a *Account) define(o *Object) {
	a.Enabled = Add(o, "enabled", BoolSetting, false)
	a.DisplayName = AddNillable(o, "display_name", TextSetting)
	a.Auth.Username = AddNillable(o, "auth.username", TextSetting)
	a.Auth.Password = Add(o, "auth.password", SecretSetting, Secret{})

	a.SIP.AlwaysUseMyProxy = Add(o, "sip.always_use_my_proxy", BoolSetting, false)
	a.SIP.OutboundProxy = AddNillable(o, "sip.outbound_proxy", SIPProxySetting)
	a.SIP.Register = Add(o, "sip.register", BoolSetting, true)
	a.SIP.RegisterInterval = Add(o, "sip.register_interval", NonNegativeSetting, 3600)
	a.SIP.SubscribeInterval = Add(o, "sip.subscribe_interval", NonNegativeSetting, 3600)
	a.SIP.PublishInterval = Add(o, "sip.publish_interval", NonNegativeSetting, 3600)

	a.RTP.define(o)
	a.DialogEvent.Enabled = Add(o, "dialog_event.enabled", BoolSetting, false)

	a.NATTraversal.UseICE = Add(o, "nat_traversal.use_ice", BoolSetting, false)
	a.NATTraversal.STUNServerList = AddNillable(o, "nat_traversal.stun_server_list", ListType[[]STUNServer](STUNServerSetting, true))
	a.NATTraversal.MSRPRelay = AddNillable(o, "nat_traversal.msrp_relay", MSRPRelaySetting)
	a.NATTraversal.UseMSRPRelayForOutbound = Add(o, "nat_traversal.use_msrp_relay_for_outbound", BoolSetting, false)

	a.MessageSummary.Enabled = Add(o, "message_summary.enabled", BoolSetting, false)
	a.MessageSummary.VoicemailURI = AddNillable(o, "message_summary.voicemail_uri", SIPAddressSetting)

	a.MSRP.Transport = Add(o, "msrp.transport", MSRPTransportSetting, MSRPOverTLS)
	a.MSRP.ConnectionModel = Add(o, "msrp.connection_model", MSRPConnectionModelSetting, MSRPRelay)

	a.Presence.Enabled = Add(o, "presence.enabled", BoolSetting, false)
	a.Presence.UseRLS = Add(o, "presence.use_rls", BoolSetting, false)

	a.XCAP.Enabled = Add(o, "xcap.enabled", BoolSetting, false)
	a.XCAP.Discovered = Add(o, "xcap.discovered", BoolSetting, false)
	a.XCAP.XCAPRoot = AddNillable(o, "xcap.xcap_root", XCAPRootSetting)

	a.TLS.define(o)
}

func (r *AccountRTP) define(o *Object) {
	r.AudioCodecList = AddNillable(o, "rtp.audio_codec_list", CodecListSetting)
	r.SRTPEncryption = Add(o, "rtp.srtp_encryption", SRTPEncryptionSetting, SRTPDisabled)
	r.UseSRTPWithoutTLS = Add(o, "rtp.use_srtp_without_tls", BoolSetting, false)
}

// define differs from the reference in one default: a server's certificate is
// verified unless somebody asks for less (reliability C04).
func (t *AccountTLS) define(o *Object) {
	t.Certificate = AddNillable(o, "tls.certificate", PathSetting)
	t.VerifyServer = Add(o, "tls.verify_server", BoolSetting, true)
}
