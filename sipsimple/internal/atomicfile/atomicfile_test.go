//go:build unix

package atomicfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/internal/atomicfile"
)

// content is what version n of the file holds: three blocks.
func content(n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "version %d\n", n), 3*atomicfile.BlockSize/10)
}

// steps are all steps of one replacement, in order.
func steps(t *testing.T) []atomicfile.Step {
	t.Helper()
	var seen []atomicfile.Step
	r := atomicfile.Replacer{Before: func(s atomicfile.Step) error { seen = append(seen, s); return nil }}
	if err := r.Replace(filepath.Join(t.TempDir(), "sub", "file"), content(1)); err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestEveryStepMayFail(t *testing.T) {
	all := steps(t)
	if len(all) < 9 {
		t.Fatalf("only %d steps: %v", len(all), all)
	}
	for i, step := range all {
		path := filepath.Join(t.TempDir(), "file")
		if err := new(atomicfile.Replacer).Replace(path, content(1)); err != nil {
			t.Fatal(err)
		}
		count := 0
		r := atomicfile.Replacer{Before: func(atomicfile.Step) error {
			if count++; count-1 == i {
				return syscall.ENOSPC
			}
			return nil
		}}
		err := r.Replace(path, content(2))
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), string(step)) || !strings.Contains(err.Error(), path) {
			t.Errorf("step %d (%s): error is %v", i, step, err)
		}
		want := content(1)
		if step == atomicfile.SyncFolder {
			want = content(2)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("step %d (%s): the file has %d octets, %v", i, step, len(got), err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Errorf("step %d (%s): left behind %v", i, step, entries)
		}
	}
}

func TestModeWhateverTheMask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(t.TempDir(), "a", "b", "file")
	if err := new(atomicfile.Replacer).Replace(path, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
}

func TestLinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(target, nil, 0o644), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	if err := new(atomicfile.Replacer).Replace(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(target); string(got) != "new" {
		t.Errorf("the target holds %q", got)
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"config", "config.12.0000000A", "config.12.0000000B", "config.old", "config.1.xyz", "other.12.0000000A"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := atomicfile.Sweep(filepath.Join(dir, "config")); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "config config.1.xyz config.old other.12.0000000A" {
		t.Errorf("left is %s", got)
	}
}
