package account

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// ManagerConfig describes a [Manager]. The first three fields are required.
type ManagerConfig struct {
	Center        *notification.Center
	Configuration *configuration.Manager // started
	General       *configuration.General

	Rand      io.Reader                  // required: Contact names and waiting times
	Documents storage.XCAPStorageFactory // makes the document store of each account; may be nil
	Logger    *slog.Logger               // nil means slog.Default()

	// Neighbourhood is multicast DNS; nil means there is none, and the Bonjour
	// account cannot be enabled.
	Neighbourhood Neighbourhood
	UserName      string // the user's full name, for the Bonjour account; "" means none
}

// Network is what accounts use once they are started.
type Network struct {
	Engine   *core.Engine
	Resolver *resolver.Resolver

	// For XCAP, which goes over HTTP.
	Net transport.Net
	TLS *tls.Config // nil: the roots of the system
}

// Manager keeps the accounts of one application (seed: AccountManager;
// application.md 5). The application loads, starts and stops it; programs ask it
// for accounts. Its methods may be called from any goroutine.
type Manager struct {
	cfg     ManagerConfig
	box     mailbox.Mailbox // the executor of all accounts
	handles []*notification.Handle
	lookups sync.WaitGroup

	mu       sync.Mutex
	accounts []*Account // requires mu; as they came
	bonjour  *BonjourAccount

	// The rest is touched on the executor only.
	network *Network // while the manager is started
	quiet   bool     // Start was called, Go was not
	queued  []func() // until Go
	located time.Time
	wakeUp  *time.Timer // 5 s after waking up
}

// NewManager makes a manager without accounts. [Manager.Load] comes next.
func NewManager(cfg ManagerConfig) *Manager {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Manager{cfg: cfg}
}

func (m *Manager) log() *slog.Logger { return m.cfg.Logger }

func (m *Manager) post(f func()) { m.box.Post(f) }

// soon runs f on the executor, behind what is being announced now and not before
// [Manager.Go]. It is called on the executor.
func (m *Manager) soon(f func()) {
	if m.quiet {
		m.queued = append(m.queued, f)
		return
	}
	time.AfterFunc(1, func() { m.post(f) })
}

// do runs f on the executor and waits for it.
func (m *Manager) do(f func()) {
	done := make(chan struct{})
	m.post(func() {
		defer close(done)
		f()
	})
	<-done
}

// random fills p. A source that fails leaves zeros behind.
func (m *Manager) random(p []byte) {
	if _, err := io.ReadFull(m.cfg.Rand, p); err != nil {
		m.log().Error("random source failed", "error", err)
	}
}

// chance is a random number from 0 to 1.
func (m *Manager) chance() float64 {
	var bits [8]byte
	m.random(bits[:])
	return float64(binary.BigEndian.Uint64(bits[:])>>11) / (1 << 53)
}

// contactUser makes the user part of a Contact: eight letters, none of them
// twice (application.md 11.1).
func (m *Manager) contactUser() string {
	letters := []byte("abcdefghijklmnopqrstuvwxyz")
	var chance [8]byte
	m.random(chance[:])
	name := make([]byte, len(chance))
	for i, c := range chance {
		k := int(c) % len(letters)
		name[i] = letters[k]
		letters = slices.Delete(letters, k, k+1)
	}
	return string(name)
}

// Accounts are the accounts from the configuration in the order they came. The
// list is the caller's.
func (m *Manager) Accounts() []*Account {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.accounts)
}

// Bonjour is the account of the local network; nil before [Manager.Load].
func (m *Manager) Bonjour() *BonjourAccount {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bonjour
}

// Account finds an account by its id, the Bonjour account included. ok is false
// for an id that nobody has (seed: has_account, get_account).
func (m *Manager) Account(id string) (account *Account, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id == configuration.BonjourID && m.bonjour != nil {
		return m.bonjour.Account, true
	}
	for _, a := range m.accounts {
		if a.String() == id {
			return a, true
		}
	}
	return nil, false
}

// NewAccount makes an account for an id such as alice@example.org. change may
// assign settings and be nil; the account is then saved:
// CFGSettingsObjectWasActivated, SIPAccountManagerDidAddAccount,
// CFGSettingsObjectWasCreated. If it is enabled and the application runs it is
// started right away. Errors are those of the settings.
func (m *Manager) NewAccount(id string, change func(s *configuration.Account, d *configuration.Draft) error) (*Account, error) {
	a, err := m.newStored(id)
	if err != nil {
		return nil, err
	}
	err = a.stored.settings.Update(func(d *configuration.Draft) error {
		if change == nil {
			return nil
		}
		return change(a.stored.settings, d)
	})
	if err != nil {
		_ = a.stored.settings.Delete() // it was never saved
		return nil, err
	}
	return a, nil
}

// admit takes an account into the list, before anybody hears of it.
func (m *Manager) admit(a *Account) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Contains(m.accounts, a) {
		m.accounts = append(m.accounts, a)
	}
}

func (m *Manager) remove(a *Account) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts = slices.DeleteFunc(slices.Clone(m.accounts), func(other *Account) bool { return other == a })
}

// sender is the account as notifications know it.
func sender(a *Account) any {
	switch {
	case a == nil:
		return nil
	case a.local != nil:
		return a.local
	}
	return a
}

// Format writes the name of the type, whatever the verb: accounts have
// passwords.
func (m *Manager) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "account.Manager") }

// all are the accounts that may serve as default, in order.
func (m *Manager) all() []*Account {
	list := m.Accounts()
	if b := m.Bonjour(); b != nil {
		list = append([]*Account{b.Account}, list...)
	}
	return list
}

// first is the first enabled account, nil without any.
func (m *Manager) first() *Account {
	list := m.all()
	i := slices.IndexFunc(list, (*Account).Enabled)
	if i < 0 {
		return nil
	}
	return list[i]
}
