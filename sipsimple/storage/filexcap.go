package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// fileXCAP keeps the documents of one account in <folder>/xcap/<account id>.
type fileXCAP struct {
	file *File
	dir  string
}

func newFileXCAP(f *File, accountID string) (XCAPStorage, error) {
	if accountID == "" {
		return nil, errors.New("storage: an account without an id has no XCAP documents")
	}
	return &fileXCAP{file: f, dir: filepath.Join(f.dir, "xcap", fileName(accountID))}, nil
}

// with runs f with the path of a document while the storage is locked. A folder
// that cannot be written to can still be read.
func (x *fileXCAP) with(name string, write bool, f func(path string) error) error {
	if name == "" {
		return errors.New("storage: an XCAP document has a name")
	}
	x.file.mu.Lock()
	defer x.file.mu.Unlock()
	if err := x.file.acquireLocked(); err != nil && (write || errors.Is(err, ErrInUse)) {
		return err
	}
	return f(filepath.Join(x.dir, fileName(name)))
}

func (x *fileXCAP) Load(name string) (data []byte, err error) {
	err = x.with(name, false, func(path string) error {
		data, err = os.ReadFile(path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("XCAP document %s: %w", name, err)
	}
	return data, nil
}

func (x *fileXCAP) Save(name string, data []byte) error {
	return x.with(name, true, func(path string) error { return x.file.replacer.Replace(path, data) })
}

func (x *fileXCAP) Delete(name string) error {
	return x.with(name, true, func(path string) error {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("XCAP document %s: %w", name, err)
		}
		return nil
	})
}

func (x *fileXCAP) Purge() error {
	return x.with("all", true, func(string) error { return os.RemoveAll(x.dir) })
}

// fileName is a name as that of one file: what could leave the folder, or means
// something to some file system, is written as %XX.
func fileName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			c == '@', c == '_', c == '-', c == '+', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
