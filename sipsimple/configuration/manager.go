package configuration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// Manager holds the whole configuration and saves it (seed:
// ConfigurationManager; application.md 4.1). An application has one. It owns no
// goroutine while nothing is to be saved.
//
// Its methods may be called from any goroutine. Those that take a context wait
// for the worker that saves, which waits for observers: an observer must not
// call them.
type Manager struct {
	center *notification.Center
	log    *slog.Logger
	worker mailbox.Mailbox // notifies and saves, one change after the other

	mu      sync.Mutex
	backend storage.ConfigurationBackend // requires mu; nil until started
	tree    storage.Tree                 // requires mu; never changed in place
	objects map[string]*Object           // requires mu; by key
}

// NewManager returns a manager that is yet to be started. center gets the
// notifications; log may be nil.
func NewManager(center *notification.Center, log *slog.Logger) *Manager {
	if log == nil {
		log = slog.Default()
	}
	return &Manager{center: center, log: log, objects: map[string]*Object{}}
}

// Start loads the configuration: the only load of the backend. After an error
// the manager has not been started, nothing has been written, and Start may be
// called again. The error names file, line and setting where it can
// (*[storage.ParseError]), and matches [storage.ErrInUse] when another process
// has the storage. A second start is [ErrStarted].
func (m *Manager) Start(st storage.Storage) error {
	if err := storage.Check(st); err != nil {
		return err
	}
	m.mu.Lock()
	started := m.backend != nil
	m.mu.Unlock()
	if started {
		return ErrStarted
	}
	backend := st.ConfigurationBackend()
	tree, err := backend.Load()
	if err == nil {
		err = tree.Check()
	}
	if err != nil {
		return fmt.Errorf("the configuration cannot be loaded: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.backend != nil {
		return ErrStarted
	}
	m.backend, m.tree = backend, tree.Clone()
	return nil
}

// Get returns a copy of what is stored at path: a group as [storage.Tree], a
// text, a list or nil. Errors: [ErrNotStarted], *[NotFoundError].
func (m *Manager) Get(path ...string) (any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(path); err != nil {
		return nil, err
	}
	value, ok := find(m.tree, path)
	if !ok {
		return nil, &NotFoundError{path}
	}
	return clone(value), nil
}

// Names are the names in the group at path, sorted; none where there is no
// group. Error: [ErrNotStarted].
func (m *Manager) Names(path ...string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(path); err != nil {
		return nil, err
	}
	value, _ := find(m.tree, path)
	group, _ := value.(storage.Tree)
	return slices.Sorted(maps.Keys(group)), nil
}

// Default as a value in [Manager.Update] removes a setting.
type Default struct{}

// Update merges data into the group at path. A value [Default]{} removes its
// setting; groups emptied by that vanish, except that of an object with a
// dynamic id. Settings objects do not notice. Errors: [ErrNotStarted],
// *[storage.BuildError].
func (m *Manager) Update(path []string, data storage.Tree) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(path); err != nil {
		return err
	}
	tree := m.tree
	if m.dynamic(path) {
		if _, ok := find(tree, path); !ok {
			tree = with(tree, path, storage.Tree{})
		}
	}
	tree = m.merge(tree, path, data)
	if err := tree.Check(); err != nil {
		return err
	}
	m.tree = tree
	return nil
}

func (m *Manager) merge(tree storage.Tree, path []string, data storage.Tree) storage.Tree {
	keep := 0
	if o := m.objects[key(path[:min(len(path), 2)])]; o != nil && !o.fixed {
		keep = 2
	}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		here := append(slices.Clone(path), name)
		switch v := data[name].(type) {
		case Default:
			tree = without(tree, here, keep)
		case storage.Tree:
			tree = m.merge(tree, here, v)
		default:
			tree = with(tree, here, clone(v))
		}
	}
	return tree
}

// dynamic says that path is an object with a dynamic id.
func (m *Manager) dynamic(path []string) bool {
	o := m.objects[key(path)]
	return o != nil && !o.fixed
}

// Rename moves what is at path from to path to. Errors: [ErrNotStarted],
// *[NotFoundError], *[DuplicateIDError].
func (m *Manager) Rename(from, to []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(m.ready(from), m.ready(to)); err != nil {
		return err
	}
	if slices.Equal(from, to) {
		return nil
	}
	if _, ok := find(m.tree, to); ok {
		return &DuplicateIDError{to}
	}
	value, ok := find(m.tree, from)
	if !ok {
		return &NotFoundError{from}
	}
	m.tree = with(without(m.tree, from, 0), to, value)
	return nil
}

// Delete removes what is at path, and the groups that this empties. Nothing
// there is no error. Error: [ErrNotStarted].
func (m *Manager) Delete(path ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(path); err != nil {
		return err
	}
	m.tree = without(m.tree, path, 0)
	return nil
}

// Save writes the whole configuration, after what is queued. Errors:
// [ErrNotStarted], those of the backend, that of ctx when it ends first.
func (m *Manager) Save(ctx context.Context) error {
	m.mu.Lock()
	if m.backend == nil {
		m.mu.Unlock()
		return ErrNotStarted
	}
	backend, tree := m.backend, m.tree
	done := make(chan error, 1)
	m.worker.Post(func() { done <- backend.Save(tree) })
	m.mu.Unlock()
	return await(ctx, done)
}

// Flush waits until all changes made so far have been announced and written, or
// ctx has ended. An application calls it when it stops.
func (m *Manager) Flush(ctx context.Context) error {
	done := make(chan error, 1)
	m.worker.Post(func() { done <- nil })
	return await(ctx, done)
}

func await(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ready says why a call with that path cannot be answered.
func (m *Manager) ready(path []string) error {
	if m.backend == nil {
		return ErrNotStarted
	}
	if len(path) == 0 || slices.Contains(path, "") {
		return errors.New("the path of a setting is not empty, nor a name in it")
	}
	return nil
}

// key is a path as the key of a map.
func key(path []string) string { return strings.Join(path, "\x00") }

// Format writes the name of the type, whatever the verb.
func (m *Manager) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "configuration.Manager") }
