package configuration

// BonjourID is the id of the Bonjour account.
const BonjourID = "bonjour@local"

// Bonjour are the settings of the Bonjour account (application.md 4.7). It has
// no group sip, and neither ICE nor a relay. There is one for each [Manager].
type Bonjour struct {
	*Object

	Enabled     Setting[bool]    // enabled: true; false where there is no multicast DNS
	DisplayName Nillable[string] // display_name: the user's name
	RTP         AccountRTP
	MSRP        BonjourMSRP
	TLS         AccountTLS
}

// BonjourMSRP is the group msrp.
type BonjourMSRP struct {
	Transport Setting[MSRPTransport] // transport: tcp
}

// BonjourConfig is what the Bonjour account depends on.
type BonjourConfig struct {
	AccountConfig
	// Available says that there is multicast DNS. Without it enabled reads false
	// and cannot be assigned.
	Available bool
	// UserName is the default of display_name: the full name of the user of the
	// operating system. "" means null.
	UserName string
}

// NewBonjour makes the settings of the Bonjour account from what is stored.
// [Object.Activate] comes next. Errors as those of [NewObject].
func NewBonjour(m *Manager, cfg BonjourConfig) (*Bonjour, error) {
	b := &Bonjour{}
	if cfg.Sender == nil {
		cfg.Sender = b
	}
	var err error
	b.Object, err = NewObject(m, ObjectConfig{
		Group: AccountsGroup, ID: BonjourID, Sender: cfg.Sender, BeforeActivation: cfg.BeforeActivation,
	}, func(o *Object) { b.define(o, cfg) })
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Bonjour) define(o *Object, cfg BonjourConfig) {
	b.Enabled = Add(o, "enabled", BoolSetting, cfg.Available)
	if !cfg.Available {
		o.specs[b.Enabled.index].blocked = "no assignment: there is no multicast DNS here"
	}
	var name []string
	if _, err := parseText(cfg.UserName); err == nil && cfg.UserName != "" {
		name = append(name, cfg.UserName)
	}
	b.DisplayName = AddNillable(o, "display_name", TextSetting, name...)
	b.RTP.define(o)
	b.MSRP.Transport = Add(o, "msrp.transport", MSRPTransportSetting, MSRPOverTCP)
	b.TLS.define(o)
}
