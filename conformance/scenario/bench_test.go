package scenario_test

import (
	"fmt"
	"io/fs"
	"path"
	"testing"
	"testing/fstest"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// BenchmarkLint500 reads and checks 500 files, which are the built-in ones over
// and over. Target: 1 s.
func BenchmarkLint500(b *testing.B) {
	files := fstest.MapFS{}
	for copies := 0; len(files) < 500; copies++ {
		err := fs.WalkDir(scenarios.FS, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(name) != ".yaml" || path.Dir(name) == "parts" || len(files) == 500 {
				return err
			}
			data, err := fs.ReadFile(scenarios.FS, name)
			files[fmt.Sprintf("%s/%d-%s", path.Dir(name), copies, path.Base(name))] = &fstest.MapFile{Data: data}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := scenario.Load(files, nil, scenario.Options{Library: scenarios.FS}); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
