package scenario_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

var update = flag.Bool("update", false, "write the messages of testdata/bad anew; read the diff before you commit it")

// TestBadFiles compares what is said about the mistakes in testdata/bad with
// the .want file beside each.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d bad files, %v", len(files), err)
	}
	root := os.DirFS("testdata/bad")
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			cases, problems := scenario.Load(root, []string{name}, scenario.Options{})
			if len(problems) == 0 || cases != nil {
				t.Fatalf("%s: no problem was found", name)
			}
			compare(t, strings.TrimSuffix(file, ".yaml")+".want", problems.Error()+"\n")
		})
	}
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("said\n%s\nwant\n%s", got, want)
	}
}

// TestNothingThere: no scenario is never a success.
func TestNothingThere(t *testing.T) {
	root := fstest.MapFS{
		"empty/README.md": {Data: []byte("no scenario")},
		"a.yaml":          {Data: []byte("callflow: 1\nname: a\nparties: [alice]\nsteps: [alice: end]\n")},
	}
	for _, test := range []struct{ pattern, want string }{
		{"nothing", "nothing: no scenario there"},
		{"empty", "empty: no scenario there"},
		{"empty/README.md", "empty/README.md: this is no scenario"},
		{"../a.yaml", "../a.yaml: this path leaves the scenarios"},
		{"b*", "b*: no scenario there"},
	} {
		cases, problems := scenario.Load(root, []string{test.pattern}, scenario.Options{})
		if cases != nil || !strings.HasPrefix(problems.String(), test.want) {
			t.Errorf("%s: got %d cases and %q, want %q", test.pattern, len(cases), problems, test.want)
		}
	}
	if cases, problems := scenario.Load(root, []string{"a"}, scenario.Options{Vars: map[string]string{"ack_limt": "1s"}}); cases != nil ||
		!strings.Contains(problems.String(), `no scenario has a variable "ack_limt"`) {
		t.Errorf("unknown --var: got %q", problems)
	}
}
