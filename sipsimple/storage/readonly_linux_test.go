package storage_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// asNobody runs f as a user who may not write everywhere. Root may; its thread
// then gives that up for file operations.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Setfsuid(0) }()
	}
	f()
}

// readOnly makes dir readable to everybody, writable to nobody, until the test ends.
func readOnly(t *testing.T, dir string) {
	t.Helper()
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755)
	}
	if err := errors.Join(os.Chmod(filepath.Join(dir, "config"), 0o444), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
}

func TestReadOnlyFolder(t *testing.T) {
	dir := folder(t, "a: 1\n")
	readOnly(t, dir)
	asNobody(t, func() {
		st := storage.NewFile(dir)
		defer st.Close()
		tree, err := st.ConfigurationBackend().Load()
		if err != nil || tree["a"] != "1" {
			t.Errorf("Load gives %v", err)
		}
		err = st.ConfigurationBackend().Save(storage.Tree{"a": "2"})
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), dir) {
			t.Errorf("Save gives %v", err)
		}
		x, _ := st.XCAPStorageFactory()("alice@example.org")
		if _, err := x.Load("pres-rules"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("loading an XCAP document gives %v", err)
		}
		if err := x.Save("pres-rules", nil); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("saving an XCAP document gives %v", err)
		}
		nowhere := storage.NewFile(filepath.Join(dir, "sub"))
		if tree, err := nowhere.ConfigurationBackend().Load(); err != nil || len(tree) != 0 {
			t.Errorf("a folder that cannot be made: %v", err)
		}
	})
	if got := config(t, dir); got != "a: 1\n" {
		t.Errorf("the file holds %q", got)
	}
}

func TestUnreadableConfiguration(t *testing.T) {
	dir := folder(t, "a: 1\n")
	readOnly(t, dir)
	if err := os.Chmod(filepath.Join(dir, "config"), 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		_, err := storage.NewFile(dir).ConfigurationBackend().Load()
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), filepath.Join(dir, "config")) {
			t.Errorf("Load gives %v", err)
		}
	})
}
