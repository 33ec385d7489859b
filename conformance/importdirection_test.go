package conformance_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/go-sipsimple/callflow/"

// layers are the packages from the top to the ground: an import only goes down.
// A package belongs to the longest prefix; within one prefix imports are free.
var layers = []string{
	"cmd",
	"conformance",
	"scenarios",
	"simnet",
	"sipsimple",
	"sipsimple/streams",
	"sipsimple/msrp",
	"sipsimple/account",
	"sipsimple/xcap",
	"sipsimple/configuration",
	"sipsimple/storage",
	"sipsimple/core",
	"sipsimple/sdp",
	"audio",
	"sipsimple/notification",
	"sipsimple/internal",
	"internal",
}

// laboratory must never be imported by the middleware and by audio (law 1).
var laboratory = []string{module + "simnet", module + "conformance", module + "scenarios", module + "cmd", "testing"}

func layerOf(pkg string) int {
	best, length := -1, -1
	for i, layer := range layers {
		if (pkg == layer || strings.HasPrefix(pkg, layer+"/")) && len(layer) > length {
			best, length = i, len(layer)
		}
	}
	return best
}

func TestImportsGoDown(t *testing.T) {
	root := os.DirFS("..")
	files := 0
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || layerOf(path.Dir(name)) < 0 {
			return err
		}
		files++
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			checkImport(t, name, imported)
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Fatalf("%d files read, %v", files, err)
	}
}

func checkImport(t *testing.T, file, imported string) {
	t.Helper()
	dir := path.Dir(file)
	middleware := strings.HasPrefix(dir, "sipsimple") || strings.HasPrefix(dir, "audio")
	for _, lab := range laboratory {
		if middleware && (imported == lab || strings.HasPrefix(imported, lab+"/")) && !isKit(dir) {
			t.Errorf("%s imports %s: the middleware knows nothing of the laboratory", file, imported)
		}
	}
	inside, ok := strings.CutPrefix(imported, module)
	if !ok {
		return
	}
	if from, to := layerOf(dir), layerOf(inside); to < 0 {
		t.Errorf("%s imports %s, which has no layer: add it to the list", file, imported)
	} else if to < from {
		t.Errorf("%s imports %s, which lies above it", file, imported)
	}
}

// isKit tells whether a package is a test kit for third parties, which imports
// package testing as testing/fstest does.
func isKit(dir string) bool { return strings.HasSuffix(dir, "test") }
