package play

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// party is one participant: an application, or a script.
type party struct {
	world    *world
	def      *scenario.Party
	host     host
	app      *sipsimple.Application // nil of a scripted party and of a server
	server   *server                // nil of an application and of a scripted party
	phone    Phone                  // nil unless it is a phone under test
	uri      core.Address           // of a phone: where it is called
	identity string                 // of a phone: the URI that it goes by; "" = uri
	plays    bool                   // of a phone: it plays its tones
	called   []phoneCall            // of a phone: the calls that it has placed
	resolver *resolver.Resolver     // nil without dns: in the file
	sound    *simnet.Sound          // nil: it has devices of its own
	cards    *soundcards            // nil: the file does not speak of devices
	playing  playing
	got      soundNotes
	storage  *labStorage                 // nil: the application starts without
	accounts map[string]*account.Account // by name; "" is the default one

	log         match.Log // what it posted and is watched
	started     bool      // by Start
	fromStorage bool      // the application starts from a storage
	bySession   map[*session][]*record

	mu         sync.Mutex
	fresh      []*record // not collected yet
	sessions   []*session
	streams    []*stream
	watched    map[string]bool // notifications by name
	awaited    []awaited       // calls of accepted transfers
	armed      []*armed
	complaints []*Failure          // of calls made in observers
	next       *scenario.StreamDef // of the stream that is being made
	sinks      map[*streams.FileTransferStream]*sink
	folders    map[*streams.FileTransferStream]string // where its file is saved
	programs   map[streams.DesktopSharingHandler]*program
}

func newParty(w *world, def *scenario.Party) *party {
	return &party{world: w, def: def, accounts: map[string]*account.Account{}, bySession: map[*session][]*record{}, watched: map[string]bool{},
		sinks: map[*streams.FileTransferStream]*sink{}, folders: map[*streams.FileTransferStream]string{},
		programs: map[streams.DesktopSharingHandler]*program{}}
}

// random is the chance of the party.
func (p *party) random() io.Reader { return p.world.randomFor(p.def.Name) }

// randomFor is a source of chance of its own. ChaCha8 is a reader; applications
// put their own lock around it.
func (w *world) randomFor(name string) io.Reader {
	var seed [32]byte
	for i := range 8 {
		seed[i] = byte(w.seedFor(name) >> (8 * i))
	}
	return rand.NewChaCha8(seed)
}

// build makes the application or the script. Applications are started later.
func (p *party) build() error {
	switch {
	case p.phone != nil:
		return nil
	case p.def.Scripted:
		return p.world.scripts.add(p)
	case p.def.Server != nil:
		return p.serve()
	}
	cfg, err := p.config()
	if err == nil {
		err = p.soundSettings(&cfg)
	}
	if err == nil && p.fromStorage {
		err = p.store(&cfg)
	}
	if err != nil {
		return fmt.Errorf("party %s: %w", p.def.Name, err)
	}
	if p.app, err = sipsimple.NewApplication(cfg); err != nil {
		return fmt.Errorf("party %s: %w", p.def.Name, err)
	}
	p.app.Center().AddObserver(p)
	return nil
}

func (p *party) config() (sipsimple.Config, error) {
	if err := p.newSound(); err != nil {
		return sipsimple.Config{}, err
	}
	cfg := sipsimple.Config{
		Net: p.host, Rand: p.random(), Logger: slog.New(&complaining{party: p}), Host: p.address(),
		UDPPort: 5060, TCPPort: 5060, TLSPort: -1,
		RTP: streams.RTPSettings{Codecs: p.codecs()}, Trace: p.world.wire.trace(p.def.Name),
	}
	if p.def.Roams {
		cfg.Host, cfg.WatchHost = netip.Addr{}, 10*time.Second
	}
	if p.cards != nil {
		cfg.Driver = p.cards.driver
	} else {
		cfg.Sound = p.microphone()
	}
	var err error
	if cfg.TLS, err = p.world.certificate(p); err != nil {
		return cfg, err
	}
	if cfg.TLS != nil {
		cfg.TLSPort = 5061
	}
	if p.resolver, err = p.newResolver(&cfg); err != nil {
		return cfg, err
	}
	cfg.MSRP.Trace, cfg.MSRP.TraceMessages = p.world.wire.traceMSRP(p.def.Name), p.watchesAny("MSRP")
	cfg.Registry = p.registry()
	if p.fromStorage = p.needsStorage(); p.fromStorage {
		cfg.Nameservers, cfg.DeterministicDNS, cfg.DetectNAT = p.world.nameserversOf(), true, p.world.hasSTUN()
		return cfg, nil
	}
	if err := p.addAccounts(&cfg); err != nil {
		return cfg, err
	}
	if err := p.msrpSettings(&cfg.MSRP); err != nil {
		return cfg, err
	}
	return cfg, p.applySettings(&cfg)
}

// codecs are those of the knob, unless the streams of the file name their own.
func (p *party) codecs() []string {
	for _, name := range p.world.namesOf("audio") {
		if def := p.definition(name); len(def.Codecs) > 0 {
			return def.Codecs
		}
	}
	if p.world.c.Knobs.Codec == "" {
		return nil
	}
	return []string{p.world.c.Knobs.Codec}
}

func (p *party) addAccounts(cfg *sipsimple.Config) error {
	add := func(name string, settings map[string]string) error {
		acc, err := p.account(settings)
		if err != nil {
			return err
		}
		p.accounts[name] = acc
		cfg.Accounts = append(cfg.Accounts, acc)
		return nil
	}
	if len(p.def.Accounts) == 0 {
		return add("", p.def.Account)
	}
	for i, name := range sortedKeys(p.def.Accounts) {
		if err := add(name, p.def.Accounts[name]); err != nil {
			return err
		}
		if i == 0 {
			p.accounts[""] = p.accounts[name]
		}
	}
	return nil
}

func (p *party) account(settings map[string]string) (*account.Account, error) {
	acc := &account.Account{ID: p.def.Name + "@" + p.def.Name + ".test"}
	for _, key := range sortedKeys(settings) {
		value := settings[key]
		switch key {
		case "id":
			acc.ID = value
		case "rtp.srtp_encryption", "rtp.use_srtp_without_tls": // see soundSettings
		case "display_name":
			acc.DisplayName = value
		case "contact_user":
			acc.ContactUser = value
		case "auth.username":
			acc.Username = value
		case "auth.password":
			acc.Password = value
		case "enabled":
			acc.Disabled = value == "false"
		case "msrp.transport", "msrp.connection_model", "nat_traversal.msrp_relay", "nat_traversal.use_msrp_relay_for_outbound":
			// see msrpSettings
		case "sip.register":
			if value == "true" {
				return nil, errors.New("accounts cannot register yet")
			}
		default:
			return nil, fmt.Errorf("unknown key %s of an account", key)
		}
	}
	return acc, nil
}

func (p *party) applySettings(cfg *sipsimple.Config) error {
	for _, key := range sortedKeys(p.def.Settings) {
		value := p.def.Settings[key]
		var err error
		switch key {
		case "sip.invite_timeout":
			cfg.InviteTimeout, err = seconds(value)
		case "rtp.timeout":
			cfg.RTP.Timeout, err = seconds(value)
		case "rtp.port_range":
			_, err = fmt.Sscanf(strings.ReplaceAll(value, "..", "-"), "%d-%d", &cfg.RTP.PortMin, &cfg.RTP.PortMax)
		case "rtp.audio_codec_list":
			cfg.RTP.Codecs = strings.Split(value, ",")
		case "user_agent":
			cfg.UserAgent = value
		default:
			err = errors.New("unknown setting")
		}
		if err != nil {
			return fmt.Errorf("setting %s: %w", key, err)
		}
	}
	return nil
}

// seconds reads a number of seconds or a time; null is without limit.
func seconds(text string) (time.Duration, error) {
	if text == "null" {
		return -1, nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Duration(n * float64(time.Second)), nil
	}
	return time.ParseDuration(text)
}

// addressOf is where others call the party.
func (p *party) addressOf() (core.Address, error) {
	id := p.def.Name + "@" + p.def.Name + ".test"
	if p.phone != nil && p.identity == "" {
		return p.uri, nil
	}
	if acc := p.accounts[""]; acc != nil {
		id = acc.String()
	} else if p.app != nil {
		id = p.idOf(p.accountSettings()[sortedKeys(p.accountSettings())[0]])
	}
	return core.ParseAddress("sip:" + id)
}

// contact is the URI at which the party is reached directly.
func (p *party) contact() any {
	return regexpOf(p.address().String())
}

// startUp starts the application and waits for nothing.
func (p *party) startUp() error {
	if p.fromStorage {
		return p.startFromStorage()
	}
	p.started = true
	return p.app.Start()
}
