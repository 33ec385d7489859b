package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// TestSameSeedSameFiles: two runs with one seed write the same files, and the
// report for machines has the same digests, however many are played at a time.
func TestSameSeedSameFiles(t *testing.T) {
	write(t, map[string]string{"good.yaml": good, "bad.yaml": bad})
	var logs [2]map[string]string
	for i, args := range [][]string{{"--out", "a", "--parallel", "1"}, {"--out", "b", "--parallel", "8"}} {
		_, out, err := rawRun(append(args, "run", "good.yaml", "bad.yaml", "set/", "call/missing-ack", "audio/delay", "--seed", "7", "--json")...)
		if err != "" {
			t.Fatal(err)
		}
		logs[i] = digestsOf(t, out)
	}
	a, b := filesOf(t, "a"), filesOf(t, "b")
	if len(a) < 60 || len(a) != len(b) || len(logs[0])*2 != len(a) {
		t.Fatalf("%d and %d files of %d cases", len(a), len(b), len(logs[0]))
	}
	for name, text := range a {
		if b[name] != text {
			t.Errorf("%s differs", name)
		}
	}
	for name, digest := range logs[0] {
		if len(digest) != 64 || logs[1][name] != digest {
			t.Errorf("%s: digests %q and %q", name, digest, logs[1][name])
		}
	}
	_, out, _ := rawRun("run", "good.yaml", "--seed", "8", "--json")
	if digest := digestsOf(t, out)["good"]; digest == logs[0]["good"] {
		t.Error("another seed, and the same log")
	}
}

func digestsOf(t *testing.T, report string) map[string]string {
	t.Helper()
	var parsed struct {
		Cases []struct {
			ID, Case string
			Log      string `json:"log_sha256"`
		}
	}
	if err := json.Unmarshal([]byte(report), &parsed); err != nil {
		t.Fatal(err)
	}
	digests := map[string]string{}
	for _, c := range parsed.Cases {
		digests[strings.TrimSpace(c.ID+" "+c.Case)] = c.Log
	}
	return digests
}

func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestFolders: each case has its own, whatever its name.
func TestFolders(t *testing.T) {
	cases := []*scenario.Case{{ID: "x/y"}, {ID: "x/y", Name: "a b"}, {ID: "x/y", Name: "a/b"}, {ID: "x/y", Name: "../a"}, {ID: "x/y"}}
	got := folders("out", cases, map[*scenario.Case]string{cases[4]: "seed-2"})
	for i, want := range []string{"out/x/y", "out/x/y/a_b", "out/x/y/a_b_2", "out/x/y/_a", "out/seed-2/x/y"} {
		if got[cases[i]] != want {
			t.Errorf("%d: %s, want %s", i, got[cases[i]], want)
		}
	}
}
