//go:build unix

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder brings a renaming to the disk. A file system that cannot sync
// folders says EINVAL or ENOTSUP: there is nothing to do there.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, folder.Close())
}
