package scenario_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// FuzzLoad: whatever a file holds, Load returns cases or problems, and prints
// them, without a panic.
func FuzzLoad(f *testing.F) {
	bad, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, name := range bad {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	err := fs.WalkDir(scenarios.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, "1-ring-answer-talk.yaml") && !strings.Contains(name, "parts/") {
			return err
		}
		data, err := fs.ReadFile(scenarios.FS, name)
		f.Add(string(data))
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root := fstest.MapFS{"a.yaml": {Data: []byte(text)}, "parts/established.yaml": {Data: []byte(text)}}
		cases, problems := scenario.Load(root, []string{"a"}, scenario.Options{Library: scenarios.FS})
		if (cases == nil) == (problems == nil) {
			t.Fatalf("%d cases and %d problems", len(cases), len(problems))
		}
		_ = problems.Error()
	})
}

// BenchmarkLint500 reads 500 files: the linter runs at every keystroke.
func BenchmarkLint500(b *testing.B) {
	data, err := fs.ReadFile(scenarios.FS, "set/SET-01-ring-answer-talk.yaml")
	if err != nil {
		b.Fatal(err)
	}
	root := fstest.MapFS{}
	for i := range 500 {
		root["f"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26))+".yaml"] = &fstest.MapFile{Data: data}
	}
	for b.Loop() {
		if _, problems := scenario.Load(root, nil, scenario.Options{}); problems != nil {
			b.Fatal(problems)
		}
	}
}
