package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/go-sipsimple/callflow/internal/yamlnode"
	"github.com/go-sipsimple/callflow/sipsimple/internal/atomicfile"
)

// File keeps the configuration and the XCAP documents in files below one folder
// (seed: FileStorage). All files have the mode 0600 and are replaced as a whole.
//
// From the first use to [File.Close] the folder is locked against other
// processes and other Files: they get [ErrInUse]. The lock ends with the
// process, however that ends. In a folder that cannot be written to, Load works
// without a lock and Save fails.
type File struct {
	// Logger gets warnings, such as of a configuration that others can read;
	// nil means slog.Default(). Set it before the first use.
	Logger *slog.Logger

	dir      string
	replacer atomicfile.Replacer

	mu     sync.Mutex     // held over file operations, which are short
	lock   *lock          // requires mu; nil while not locked
	loaded bool           // requires mu: the configuration has been read since the lock was taken
	root   *yamlnode.Node // requires mu: the configuration as read or written last
	places *yamlnode.Node // requires mu: as read last
}

// NewFile returns a storage in the folder dir, which is made when needed. It
// opens nothing yet.
func NewFile(dir string) *File { return &File{dir: filepath.Clean(dir)} }

// Dir is the folder (seed: directory).
func (f *File) Dir() string { return f.dir }

// ConfigurationBackend keeps the configuration in <folder>/config. It is a
// [Locator].
func (f *File) ConfigurationBackend() ConfigurationBackend { return (*fileBackend)(f) }

// XCAPStorageFactory keeps documents in <folder>/xcap/<account id>/<name>.
func (f *File) XCAPStorageFactory() XCAPStorageFactory {
	return func(accountID string) (XCAPStorage, error) { return newFileXCAP(f, accountID) }
}

// Close lets go of the lock. The storage may be used again, which locks again;
// begin with a Load then, since others may have written meanwhile.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closeLocked()
}

func (f *File) closeLocked() error {
	l := f.lock
	f.lock, f.loaded, f.root = nil, false, nil
	if l == nil {
		return nil
	}
	return l.release()
}

// acquireLocked takes the lock if it is not held.
func (f *File) acquireLocked() error {
	if f.lock != nil {
		return nil
	}
	l, err := acquire(f.dir)
	if err != nil {
		return err
	}
	f.lock = l
	return nil
}

func (f *File) log() *slog.Logger {
	if f.Logger == nil {
		return slog.Default()
	}
	return f.Logger
}

func (f *File) configPath() string { return filepath.Join(f.dir, "config") }

// fileBackend is a [File] as a [ConfigurationBackend].
type fileBackend File

// Load reads the file. A file that is missing or empty is an empty tree; one
// that cannot be understood is a *[ParseError], stays as it is, and the lock is
// let go, so that it can be repaired and loaded again.
func (b *fileBackend) Load() (Tree, error) {
	f := (*File)(b)
	f.mu.Lock()
	defer f.mu.Unlock()
	tree, err := f.loadLocked()
	if err != nil {
		return nil, errors.Join(err, f.closeLocked())
	}
	return tree, nil
}

func (f *File) loadLocked() (Tree, error) {
	path := f.configPath()
	err := f.acquireLocked()
	switch {
	case errors.Is(err, ErrInUse):
		return nil, err
	case err != nil: // a folder that can be read but not written to
		f.log().Warn("the storage is not locked", "folder", f.dir, "error", err)
	default:
		if err := atomicfile.Sweep(path); err != nil {
			f.log().Warn("old temporary files could not be removed", "folder", f.dir, "error", err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("could not read the configuration: %w", err)
	}
	f.warnOfReaders(path)
	tree, root, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	f.root, f.places, f.loaded = root, root, true
	return tree, nil
}

// warnOfReaders warns when others than the owner can read the passwords in the
// configuration. The next Save makes it 0600.
func (f *File) warnOfReaders(path string) {
	info, err := os.Stat(path)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		f.log().Warn("others can read the configuration, which may hold passwords: chmod 600 "+path,
			"mode", fmt.Sprintf("%04o", info.Mode().Perm()))
	}
}

// Save writes the file. It refuses to overwrite one that it has not read, or
// could not. Errors: *[BuildError], [ErrInUse], those of the file system.
func (b *fileBackend) Save(tree Tree) error {
	f := (*File)(b)
	if err := tree.Check(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.acquireLocked(); err != nil {
		return err
	}
	if !f.loaded {
		if _, err := f.loadLocked(); err != nil {
			return fmt.Errorf("will not overwrite a configuration that cannot be read: %w", err)
		}
	}
	root := build(tree, f.root)
	if err := f.replacer.Replace(f.configPath(), yamlnode.Format(root)); err != nil {
		return err
	}
	f.root = root
	return nil
}

// Locate says where a setting stood when the file was read last.
func (b *fileBackend) Locate(path ...string) (Place, bool) {
	f := (*File)(b)
	f.mu.Lock()
	defer f.mu.Unlock()
	n := locate(f.places, path)
	if n == nil {
		return Place{}, false
	}
	return Place{File: f.configPath(), Line: n.Line, Column: n.Column}, true
}
