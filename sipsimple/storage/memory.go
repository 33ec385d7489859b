package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

// Memory keeps the configuration and the XCAP documents in memory (seed:
// MemoryStorage): nothing survives the value. It hands out and keeps copies.
type Memory struct {
	mu    sync.Mutex
	tree  Tree                         // requires mu
	xcaps map[string]map[string][]byte // requires mu: account id, document name
}

// NewMemory returns an empty storage.
func NewMemory() *Memory { return &Memory{tree: Tree{}, xcaps: map[string]map[string][]byte{}} }

// ConfigurationBackend keeps the configuration.
func (m *Memory) ConfigurationBackend() ConfigurationBackend { return (*memoryBackend)(m) }

// XCAPStorageFactory keeps documents. An account finds those it had before.
func (m *Memory) XCAPStorageFactory() XCAPStorageFactory {
	return func(accountID string) (XCAPStorage, error) {
		if accountID == "" {
			return nil, errors.New("storage: an account without an id has no XCAP documents")
		}
		return &memoryXCAP{memory: m, account: accountID}, nil
	}
}

type memoryBackend Memory

func (b *memoryBackend) Load() (Tree, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tree.Clone(), nil
}

func (b *memoryBackend) Save(tree Tree) error {
	if err := tree.Check(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tree = tree.Clone()
	return nil
}

type memoryXCAP struct {
	memory  *Memory
	account string
}

func (x *memoryXCAP) Load(name string) ([]byte, error) {
	x.memory.mu.Lock()
	defer x.memory.mu.Unlock()
	data, ok := x.memory.xcaps[x.account][name]
	if !ok {
		return nil, fmt.Errorf("XCAP document %s: %w", name, fs.ErrNotExist)
	}
	return bytes.Clone(data), nil
}

func (x *memoryXCAP) Save(name string, data []byte) error {
	if name == "" {
		return errors.New("storage: an XCAP document has a name")
	}
	x.memory.mu.Lock()
	defer x.memory.mu.Unlock()
	if x.memory.xcaps[x.account] == nil {
		x.memory.xcaps[x.account] = map[string][]byte{}
	}
	x.memory.xcaps[x.account][name] = append([]byte{}, data...)
	return nil
}

func (x *memoryXCAP) Delete(name string) error {
	x.memory.mu.Lock()
	defer x.memory.mu.Unlock()
	delete(x.memory.xcaps[x.account], name)
	return nil
}

func (x *memoryXCAP) Purge() error {
	x.memory.mu.Lock()
	defer x.memory.mu.Unlock()
	delete(x.memory.xcaps, x.account)
	return nil
}
