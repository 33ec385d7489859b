package configuration_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// lab is a manager with everything that can be seen of it, in one list.
type lab struct {
	t       *testing.T
	center  *notification.Center
	manager *configuration.Manager
	backend *recorder
	log     bytes.Buffer
	events  []string // notifications and saves, in order; read after settle
}

// recorder is a third-party storage: it notes each save in the lab's list.
type recorder struct {
	*storage.Memory
	lab  *lab
	fail error  // of the next saves
	slow func() // called in each save
}

func (r *recorder) ConfigurationBackend() storage.ConfigurationBackend { return r }

func (r *recorder) Load() (storage.Tree, error) { return r.Memory.ConfigurationBackend().Load() }

func (r *recorder) Save(tree storage.Tree) error {
	if r.slow != nil {
		r.slow()
	}
	if r.fail != nil {
		r.lab.events = append(r.lab.events, "save fails")
		return r.fail
	}
	r.lab.events = append(r.lab.events, "save")
	return r.Memory.ConfigurationBackend().Save(tree)
}

// newLab starts a manager on a tree. Call it in a bubble.
func newLab(t *testing.T, tree storage.Tree) *lab {
	t.Helper()
	l := &lab{t: t}
	log := slog.New(slog.NewTextHandler(&l.log, nil))
	l.center = notification.NewCenter(log)
	l.backend = &recorder{Memory: storage.NewMemory(), lab: l}
	l.manager = configuration.NewManager(l.center, log)
	if err := l.backend.Memory.ConfigurationBackend().Save(tree); err != nil {
		t.Fatal(err)
	}
	l.center.AddObserver(notification.ObserverFunc(func(n notification.Notification) { l.events = append(l.events, event(n)) }))
	if err := l.manager.Start(l.backend); err != nil {
		t.Fatal(err)
	}
	return l
}

// event is a notification as one line.
func event(n notification.Notification) string {
	sender := "manager"
	if o, ok := n.Sender.(interface{ ID() string }); ok {
		sender = o.ID()
	}
	line := sender + " " + strings.TrimPrefix(n.Name, "CFG")
	switch d := n.Data.(type) {
	case configuration.CFGSettingsObjectDidChange:
		line += changes(d.Modified)
	case configuration.CFGManagerLoadFailed:
		line += fmt.Sprintf(" %s in %s: %v", d.Attribute, d.Container, d.Error)
	case configuration.CFGManagerSaveFailed:
		line += fmt.Sprintf(" %s: %v%s", d.Operation, d.Exception, changes(d.Modified))
	}
	return line
}

func changes(m configuration.Modified) string {
	var lines []string
	for path, c := range m {
		lines = append(lines, fmt.Sprintf(" %s: %v -> %v", path, c.Old, c.New))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// settle waits until nothing happens any more, and compares what happened since
// the last time.
func (l *lab) settle(want ...string) {
	l.t.Helper()
	synctest.Wait()
	if !slices.Equal(l.events, want) {
		l.t.Errorf("happened is\n  %s\nwant\n  %s", strings.Join(l.events, "\n  "), strings.Join(want, "\n  "))
	}
	l.events = nil
}

// general are the active general settings.
func (l *lab) general() *configuration.General {
	l.t.Helper()
	g, err := configuration.NewGeneral(l.manager, nil)
	if err == nil {
		err = g.Activate(l.t.Context())
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.settle("SIPSimpleSettings SettingsObjectWasActivated")
	return g
}

func (l *lab) account(id string) *configuration.Account {
	l.t.Helper()
	a, err := configuration.NewAccount(l.manager, id, configuration.AccountConfig{})
	if err == nil {
		err = a.Activate(l.t.Context())
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return a
}

// stored is what a new manager would load.
func (l *lab) stored(path ...string) any {
	l.t.Helper()
	m := configuration.NewManager(notification.NewCenter(nil), nil)
	if err := m.Start(l.backend.Memory); err != nil {
		l.t.Fatal(err)
	}
	value, err := m.Get(path...)
	if _, ok := errors.AsType[*configuration.NotFoundError](err); ok {
		return "nothing"
	}
	return value
}

// set is a change of one setting by its path.
func set(path string, stored any) func(*configuration.Draft) error {
	return func(d *configuration.Draft) error {
		d.SetText(path, stored)
		return nil
	}
}

// folder is a new storage folder with that configuration.
func folder(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
