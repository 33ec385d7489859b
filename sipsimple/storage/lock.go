package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// lock is a locked file <folder>/lock, which holds the id of the process. The
// file stays: removing it would let two processes lock two files of that name.
type lock struct{ file *os.File }

// errHeld means that somebody else has the lock.
var errHeld = errors.New("held")

// acquire locks the folder, which is made when needed. Errors: *[InUseError],
// those of the file system.
func acquire(dir string) (*lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("could not make the folder of the storage: %w", err)
	}
	path := filepath.Join(dir, "lock")
	file, err := openLocked(path)
	if errors.Is(err, errHeld) {
		return nil, &InUseError{Dir: dir, PID: holder(path)}
	}
	if err != nil {
		return nil, fmt.Errorf("could not lock the storage: %w", err)
	}
	// Who holds it is only for the message to others, so an error here is none.
	_ = file.Truncate(0)
	_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return &lock{file}, nil
}

// release closes the file, which unlocks it.
func (l *lock) release() error { return l.file.Close() }

func holder(path string) string {
	data, err := os.ReadFile(path)
	pid := strings.TrimSpace(string(data))
	if _, bad := strconv.Atoi(pid); err != nil || bad != nil {
		return ""
	}
	return pid
}
