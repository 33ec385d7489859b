package play

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// An application that registers, or whose configuration matters, starts from a
// storage. All others get their account and their ports directly.

// plainSettings and plainAccount are what an application without storage knows.
var (
	plainSettings = []string{"sip.invite_timeout", "rtp.timeout", "rtp.port_range", "rtp.audio_codec_list", "user_agent"}
	plainAccount  = []string{
		"id", "display_name", "contact_user", "enabled", "auth.username", "auth.password", "msrp.transport", "msrp.connection_model",
		"nat_traversal.msrp_relay", "nat_traversal.use_msrp_relay_for_outbound",
		"rtp.srtp_encryption", "rtp.use_srtp_without_tls",
	}
	// storedAttributes are attributes that only an application with storage has.
	storedAttributes = []string{
		"storage", "account.registered", "account.mwi_active", "account.voicemail_uri", "account.published", "account.xcap",
		"default_account", "local_nat_type",
	}
)

// needsStorage tells whether the file wants something of a party that only an
// application with storage has.
func (p *party) needsStorage() bool {
	if p.def.Storage != nil || p.def.Devices != nil || p.def.Roams {
		return true
	}
	for key := range p.def.Settings {
		if !slices.Contains(plainSettings, key) && key != "sip.transport_list" {
			return true
		}
	}
	for _, settings := range p.accountSettings() {
		for key, value := range settings {
			if !slices.Contains(plainAccount, key) && (key != "sip.register" || value == "true") {
				return true
			}
		}
	}
	return p.watchesAny("CFG", "SIPAccount", "PresencePublication") || p.asksForStorage()
}

// watchesAny tells whether notifications are judged whose names begin so. Those
// of CFG, SIPAccount and PresencePublication only come from an application with storage.
func (p *party) watchesAny(beginnings ...string) bool {
	patterns := p.def.Watch
	if patterns == nil {
		patterns = p.world.c.Watch
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(pattern, b) })
	})
}

// asksForStorage tells whether a step sets settings of the party, or looks at
// attributes of its accounts.
func (p *party) asksForStorage() bool {
	asks := false
	look := func(checks []scenario.AttributeCheck) {
		for _, c := range checks {
			for path := range c.Fields {
				asks = asks || c.Subject.Party == p.def.Name && slices.Contains(storedAttributes, path)
			}
		}
	}
	eachStep(p.world.c.Steps, func(s *scenario.Step) {
		switch v := s.Verb.(type) {
		case *scenario.Call:
			asks = asks || v.Name == "set" && slices.ContainsFunc(v.Subjects, func(s scenario.Subject) bool { return s.Party == p.def.Name })
		case *scenario.CheckNow:
			look(v.Checks)
		}
	})
	look(p.world.c.Finally)
	return asks
}

// accountSettings are the accounts of the file by name; "" is the only one.
func (p *party) accountSettings() map[string]scenario.Settings {
	if len(p.def.Accounts) > 0 {
		return p.def.Accounts
	}
	return map[string]scenario.Settings{"": p.def.Account}
}

// idOf is the address of record of an account of the file.
func (p *party) idOf(settings scenario.Settings) string {
	if id, ok := settings["id"]; ok {
		return id
	}
	return p.def.Name + "@" + p.def.Name + ".test"
}

// store makes the storage of the party, with all that the file says, and what an
// application in this laboratory needs: ports that others expect, and accounts
// that are enabled and do not register unless told.
func (p *party) store(cfg *sipsimple.Config) error {
	transports := p.transportList(cfg.TLS != nil)
	general := storage.Tree{}
	put(general, "sip.udp_port", "5060")
	put(general, "sip.tcp_port", "5060")
	put(general, "sip.tls_port", "5061")
	put(general, "sip.transport_list", transports)
	put(general, "audio.sample_rate", "16000")
	for _, path := range sortedKeys(p.def.Settings) {
		put(general, path, scenario.StoredSetting(path, p.def.Settings[path]))
	}
	accounts := storage.Tree{}
	for _, name := range sortedKeys(p.accountSettings()) {
		settings, tree := p.accountSettings()[name], storage.Tree{}
		put(tree, "enabled", "true")
		put(tree, "sip.register", "false")
		put(tree, "msrp.transport", msrpTransport(cfg.TLS))
		put(tree, "msrp.connection_model", p.msrpModel(settings))
		for _, path := range sortedKeys(settings) {
			switch text := settings[path]; path {
			case "id", "contact_user":
			case "nat_traversal.msrp_relay":
				put(tree, path, p.world.relaySetting(text))
			default:
				put(tree, path, scenario.StoredSetting(path, text))
			}
		}
		accounts[p.idOf(settings)] = tree
	}
	st := &labStorage{}
	if p.def.Storage != nil {
		st.def = *p.def.Storage
	}
	if err := st.open(); err != nil {
		return err
	}
	p.storage = st
	return st.backend.Save(storage.Tree{"Accounts": accounts, configuration.GeneralID: general})
}

// transportList is the order of the knob.
func (p *party) transportList(tls bool) []string {
	list := []string{p.world.transport()}
	for _, t := range []string{"udp", "tcp", "tls"} {
		if !slices.Contains(list, t) && (t != "tls" || tls) {
			list = append(list, t)
		}
	}
	return list
}

// put puts a value at a dotted path.
func put(tree storage.Tree, path string, value any) {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		tree[name] = value
		return
	}
	sub, ok := tree[name].(storage.Tree)
	if !ok {
		sub = storage.Tree{}
		tree[name] = sub
	}
	put(sub, rest, value)
}

// labStorage is a storage that fails as the file says.
type labStorage struct {
	storage.Storage
	def     scenario.Storage
	backend storage.ConfigurationBackend
	dir     string // of files, removed at the end

	mu           sync.Mutex
	loads, saves int // so far
}

func (s *labStorage) open() error {
	if s.def.Kind != "file" {
		s.Storage = storage.NewMemory()
		s.backend = s.Storage.ConfigurationBackend()
		return nil
	}
	var err error
	if s.dir, err = os.MkdirTemp("", "callflow"); err != nil {
		return err
	}
	s.Storage = storage.NewFile(s.dir)
	s.backend = s.Storage.ConfigurationBackend()
	return nil
}

// ConfigurationBackend implements [storage.Storage].
func (s *labStorage) ConfigurationBackend() storage.ConfigurationBackend { return s }

// Load implements [storage.ConfigurationBackend].
func (s *labStorage) Load() (storage.Tree, error) {
	if err := s.fault(s.def.Load, &s.loads); err != nil {
		return nil, err
	}
	return s.backend.Load()
}

// Save implements [storage.ConfigurationBackend].
func (s *labStorage) Save(tree storage.Tree) error {
	if err := s.fault(s.def.Save, &s.saves); err != nil {
		return err
	}
	return s.backend.Save(tree)
}

func (s *labStorage) fault(f *scenario.StorageFault, done *int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	*done++
	if f == nil || f.Times > 0 && *done > f.Times {
		return nil
	}
	return errors.New(f.Fail)
}

// Close implements [io.Closer]: the application has ended.
func (s *labStorage) Close() error {
	if c, ok := s.Storage.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// remove removes the files.
func (s *labStorage) remove() {
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// startFromStorage starts the application and finds its accounts.
func (p *party) startFromStorage() error {
	if err := p.app.StartFrom(context.Background(), p.storage); err != nil {
		return err
	}
	p.started = true
	for i, name := range sortedKeys(p.accountSettings()) {
		id := p.idOf(p.accountSettings()[name])
		acc, ok := p.app.AccountManager().Account(id)
		if !ok {
			return fmt.Errorf("the account %s has not been loaded", id)
		}
		p.accounts[name] = acc
		if i == 0 {
			p.accounts[""] = acc
		}
	}
	return nil
}

// set changes settings of the running application, all of one object at once.
func (p *party) set(changes map[string]any) error {
	if p.app.Settings() == nil {
		return errors.New("the application does not run from a storage")
	}
	general := func(path string) bool { return slices.Contains(scenario.GeneralSettings, path) }
	var acc *configuration.Account
	if a := p.accounts[""]; a != nil {
		acc = a.Settings()
	}
	update := func(o *configuration.Object, mine func(string) bool) error {
		return o.Update(func(d *configuration.Draft) error {
			for _, path := range sortedKeys(changes) {
				if path == "id" && mine(path) {
					d.SetID(fmt.Sprint(changes[path]))
				} else if mine(path) {
					d.SetText(path, changes[path])
				}
			}
			return nil
		})
	}
	if err := update(p.app.Settings().Object, general); err != nil {
		return err
	}
	if acc == nil {
		return nil
	}
	return update(acc.Object, func(path string) bool { return !general(path) })
}

// storedAttribute reads an attribute of an application with storage.
func (p *party) storedAttribute(name string) (any, bool) {
	if p.app == nil {
		return nil, false
	}
	switch name {
	case "local_nat_type":
		return p.app.LocalNATType(), true
	case "storage":
		return p.storedTree(), true
	case "account.registered":
		acc := p.accounts[""]
		return acc != nil && acc.Registered(), true
	case "account.mwi_active":
		acc := p.accounts[""]
		return acc != nil && acc.MWIActive(), true
	case "account.voicemail_uri":
		acc := p.accounts[""]
		return acc.VoicemailURI(), acc != nil
	case "account.published":
		acc := p.accounts[""]
		return acc != nil && acc.Published(), true
	case "account.xcap":
		acc := p.accounts[""]
		return acc != nil && acc.XCAP() != nil, true
	case "default_account":
		return p.defaultAccount(), true
	}
	return nil, false
}

func (p *party) defaultAccount() any {
	m := p.app.AccountManager()
	if m == nil {
		return nil
	}
	acc := m.DefaultAccount()
	if acc == nil {
		return nil
	}
	return p.accountValue(acc)
}

// storedTree is what is in the storage of the application, null without one.
func (p *party) storedTree() any {
	if p.app.Storage() == nil {
		return nil
	}
	tree, err := p.storage.backend.Load()
	if err != nil {
		return nil
	}
	return plainMap(tree)
}

func plainMap(tree storage.Tree) map[string]any {
	m := map[string]any{}
	for name, value := range tree {
		switch v := value.(type) {
		case storage.Tree:
			m[name] = plainMap(v)
		case []string:
			list := make([]any, len(v))
			for i, text := range v {
				list[i] = text
			}
			m[name] = list
		default:
			m[name] = v
		}
	}
	return m
}

// nameserversOf tells the application where the DNS of the file is.
func (w *world) nameserversOf() func() []netip.AddrPort {
	if w.dns == nil {
		return nil
	}
	return w.nameservers
}

// hasSTUN tells whether the file has a STUN server: then applications find out
// which NAT they are behind.
func (w *world) hasSTUN() bool {
	return slices.ContainsFunc(w.parties, func(p *party) bool { return p.def.Server != nil && p.def.Server.Kind == "stun" })
}
