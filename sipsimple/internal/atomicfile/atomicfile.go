// Package atomicfile replaces files so that a crash, at whichever instruction,
// leaves the old content or the new one, never a part (reliability I38).
//
// The new content goes to a temporary file beside the target, is brought to the
// disk, and the temporary file is renamed over the target; then the folder is
// brought to the disk, so that a power failure cannot undo the renaming. A
// crash can leave a temporary file behind: [Sweep] removes those.
//
// (github.com/google/renameio/v2 does the first half of this; it does not
// build on Windows, does not sync the folder and has no place to break a write
// off in a test.)
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Step is one step of replacing a file.
type Step string

// The steps, in their order. Write comes once per block of [BlockSize] octets.
const (
	MakeFolder Step = "make the folder of"
	Create     Step = "create a temporary file for"
	Write      Step = "write"
	Sync       Step = "sync"
	Close      Step = "close"
	Rename     Step = "rename to"
	SyncFolder Step = "sync the folder of"
)

// BlockSize is how much is written at once.
const BlockSize = 16 << 10

// Replacer replaces files. Its zero value is ready to use; it must not be
// changed once used, and may be used from any goroutine.
type Replacer struct {
	// Before is called before every step, may be nil. An error is treated as
	// the failure of that step: so a test sees a full disk, or a crash between
	// two steps.
	Before func(Step) error
}

// Replace gives the file at path the content data and the mode 0600, and makes
// its folder (0700) if there is none. A symbolic link is followed: its target is
// replaced. After an error the file has its old content, except when syncing the
// folder failed: then the new one may not survive a power failure.
func (r *Replacer) Replace(path string, data []byte) error {
	path = followed(path)
	dir := filepath.Dir(path)
	if err := r.do(MakeFolder, path, func() error { return os.MkdirAll(dir, 0o700) }); err != nil {
		return err
	}
	var file *os.File
	err := r.do(Create, path, func() (err error) { file, err = createTemporary(path); return err })
	if err != nil {
		return err
	}
	if err := r.fill(file, path, data); err != nil {
		return errors.Join(err, ignoreClosed(file.Close()), os.Remove(file.Name()))
	}
	if err := r.do(Rename, path, func() error { return os.Rename(file.Name(), path) }); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return r.do(SyncFolder, path, func() error { return syncFolder(dir) })
}

// fill writes, syncs and closes the temporary file.
func (r *Replacer) fill(file *os.File, path string, data []byte) error {
	for len(data) > 0 {
		block := data[:min(len(data), BlockSize)]
		if err := r.do(Write, path, func() error { _, err := file.Write(block); return err }); err != nil {
			return err
		}
		data = data[len(block):]
	}
	if err := r.do(Sync, path, file.Sync); err != nil {
		return err
	}
	return r.do(Close, path, file.Close)
}

// do takes one step and says in its error which one it was. The error of the
// system stays visible to errors.Is; the name of the temporary file does not.
func (r *Replacer) do(step Step, path string, f func() error) error {
	var err error
	if r.Before != nil {
		err = r.Before(step)
	}
	if err == nil {
		err = f()
	}
	if err == nil {
		return nil
	}
	var pathError *fs.PathError
	var linkError *os.LinkError
	switch {
	case errors.As(err, &pathError):
		err = pathError.Err
	case errors.As(err, &linkError):
		err = linkError.Err
	}
	return fmt.Errorf("could not %s %s: %w", step, path, err)
}

// followed is path, or what it links to.
func followed(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// createTemporary makes a new file beside path, named path.<process id>.<8 hex
// digits>. The digits count up, so that no randomness is needed.
func createTemporary(path string) (*os.File, error) {
	for i := range 1 << 16 {
		name := fmt.Sprintf("%s.%d.%08X", path, os.Getpid(), i)
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
	return nil, errors.New("too many temporary files lie there")
}

var temporary = regexp.MustCompile(`^\.[0-9]+\.[0-9A-F]{8}$`)

// Sweep removes what crashes have left of earlier replacements of path. Nobody
// may be replacing it meanwhile.
func Sweep(path string) error {
	path = followed(path)
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir + "."))
	if err != nil {
		return err
	}
	var failed []error
	for _, e := range entries {
		name := e.Name()
		if len(name) > len(base) && name[:len(base)] == base && temporary.MatchString(name[len(base):]) {
			failed = append(failed, os.Remove(filepath.Join(dir, name)))
		}
	}
	return errors.Join(failed...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
