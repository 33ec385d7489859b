package storage_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// all are the storages of this package; each must pass the same tests.
func all(t *testing.T) map[string]storage.Storage {
	file := storage.NewFile(filepath.Join(t.TempDir(), "new", "folder"))
	t.Cleanup(func() { _ = file.Close() })
	return map[string]storage.Storage{"file": file, "memory": storage.NewMemory()}
}

// corners is a tree with every kind of value in its odd forms.
func corners() storage.Tree {
	return storage.Tree{
		"null": nil, "empty": "", "text": "a b", "tab": "a\tb\n", "quote": `"'\`, "number": "0123", "yes": "yes", "#": "#",
		"no list": []string{}, "one": []string{"a"}, "odd list": []string{"", "a,b", "null", "~", ""},
		"group": storage.Tree{"empty group": storage.Tree{}, "a.b": storage.Tree{"": "nameless"}},
		"null!": "null", "tilde": "~",
	}
}

// TestBackend: both storages of this package (row T7) keep any configuration.
func TestBackend(t *testing.T) {
	for name, st := range all(t) {
		t.Run(name, func(t *testing.T) {
			if err := storage.Check(st); err != nil {
				t.Fatal(err)
			}
			backend := st.ConfigurationBackend()
			if tree, err := backend.Load(); err != nil || tree == nil || len(tree) != 0 {
				t.Fatalf("at first there is %#v, %v; want an empty tree", map[string]any(tree), err)
			}
			for _, tree := range []storage.Tree{corners(), {"x": "y"}, {}} {
				if err := backend.Save(tree); err != nil {
					t.Fatal(err)
				}
				got, err := backend.Load()
				if err != nil || !reflect.DeepEqual(got, tree) {
					t.Errorf("loaded\n%q, %v\nsaved\n%q", map[string]any(got), err, map[string]any(tree))
				}
			}
			var build *storage.BuildError
			for _, bad := range []storage.Tree{{"a": storage.Tree{"b": 5}}, {"a": storage.Tree{"b": "\xff"}}, {"a": storage.Tree{"b": []string{"\xff"}}}} {
				if err := backend.Save(bad); !errors.As(err, &build) || build.Setting != "a.b" {
					t.Errorf("saving %q gives %v", map[string]any(bad), err)
				}
			}
		})
	}
}

func TestMemoryHandsOutCopies(t *testing.T) {
	backend := storage.NewMemory().ConfigurationBackend()
	tree := storage.Tree{"a": storage.Tree{"b": []string{"c"}}}
	if err := backend.Save(tree); err != nil {
		t.Fatal(err)
	}
	tree["a"].(storage.Tree)["b"].([]string)[0] = "changed"
	got, _ := backend.Load()
	got["a"].(storage.Tree)["new"] = "x"
	if again, _ := backend.Load(); !reflect.DeepEqual(again, storage.Tree{"a": storage.Tree{"b": []string{"c"}}}) {
		t.Errorf("loaded %v", map[string]any(again))
	}
}

// TestXCAP: the documents of one account are its own, in either storage.
func TestXCAP(t *testing.T) {
	for name, st := range all(t) {
		t.Run(name, func(t *testing.T) {
			alice, err1 := st.XCAPStorageFactory()("alice@example.org")
			bob, err2 := st.XCAPStorageFactory()("../../bob@example.org")
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			if _, err := alice.Load("pres-rules"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a document that is not there: %v", err)
			}
			for _, err := range []error{alice.Save("pres-rules", []byte("a")), bob.Save("../pres-rules", []byte("b")), alice.Save("status-icon", nil), alice.Delete("journal")} {
				if err != nil {
					t.Error(err)
				}
			}
			data, err := alice.Load("pres-rules")
			if err != nil || string(data) != "a" {
				t.Errorf("loaded %q, %v", data, err)
			}
			if data, err := bob.Load("../pres-rules"); err != nil || string(data) != "b" {
				t.Errorf("loaded %q, %v", data, err)
			}
			if err := alice.Delete("pres-rules"); err != nil {
				t.Error(err)
			}
			again, _ := st.XCAPStorageFactory()("alice@example.org")
			if data, err := again.Load("status-icon"); err != nil || len(data) != 0 {
				t.Errorf("a second store of the account: %q, %v", data, err)
			}
			if err := again.Purge(); err != nil {
				t.Error(err)
			}
			if _, err := alice.Load("status-icon"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("after Purge: %v", err)
			}
			if _, err := bob.Load("../pres-rules"); err != nil {
				t.Errorf("Purge took the document of another account: %v", err)
			}
			if err := alice.Save("", nil); err == nil {
				t.Error("a document without a name was saved")
			}
			if _, err := st.XCAPStorageFactory()(""); err == nil {
				t.Error("an account without an id has a store")
			}
		})
	}
}

func TestXCAPFilesStayBelowTheFolder(t *testing.T) {
	dir := t.TempDir()
	st := storage.NewFile(dir)
	defer st.Close()
	for _, id := range []string{"..", ".", "../x", "a/b@c", `a\b@c`, "a:b@c", "alice@example.org", "ä@c", "%2E"} {
		x, err := st.XCAPStorageFactory()(id)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Save(id, []byte("x")); err != nil {
			t.Error(err)
		}
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		if err == nil && d.Type().IsRegular() && rel != "lock" {
			files++
			if parts := strings.Split(rel, string(filepath.Separator)); len(parts) != 3 || parts[0] != "xcap" {
				t.Errorf("a file %s", rel)
			}
			if info, _ := d.Info(); info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", rel, info.Mode())
			}
		}
		return err
	})
	if err != nil || files != 9 {
		t.Errorf("%d files, %v; want 9", files, err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
		t.Errorf("beside the folder lie %v", entries)
	}
}

type lacking struct {
	backend storage.ConfigurationBackend
	factory storage.XCAPStorageFactory
}

func (l lacking) ConfigurationBackend() storage.ConfigurationBackend { return l.backend }
func (l lacking) XCAPStorageFactory() storage.XCAPStorageFactory     { return l.factory }

func TestCheck(t *testing.T) {
	memory := storage.NewMemory()
	for i, st := range []storage.Storage{nil, lacking{}, lacking{backend: memory.ConfigurationBackend()}, lacking{factory: memory.XCAPStorageFactory()}} {
		if storage.Check(st) == nil {
			t.Errorf("storage %d passes", i)
		}
	}
}

func TestPrintingATreeShowsNoPassword(t *testing.T) {
	tree := storage.Tree{"auth": storage.Tree{"password": "hunter2"}}
	text := fmt.Sprintf("%v %+v %#v %s %q %x", tree, tree, tree, tree, tree, tree) + tree.LogValue().String()
	if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
		t.Error(text)
	}
}
