package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// write puts files into a new folder and goes there.
func write(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// run is the command as typed; times of the wall clock become WALL.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	code = callflow(args, &out, &err)
	return code, wallTime.ReplaceAllString(out.String(), "WALL"), err.String()
}

var wallTime = regexp.MustCompile(` *[0-9.]+ (ms|s)\b`)

const good = `callflow: 1
name: a good one
spec: [S19, S2, rfc3261#13]
tags: [basic]
streams: {a: {type: audio, double: true}}
parties: [alice, bob]
steps:
  - alice: {call: bob, streams: [a]}
  - bob: {accept: [a]}
  - expect:
      alice, bob: [..., SIPSessionDidStart]
`

const bad = `callflow: 1
name: a bad one
spec: [S19]
streams: {a: {type: audio, double: true}}
parties: [alice, bob]
seed: 7
steps:
  - alice: {call: bob, streams: [a]}
  - bob: {reject: 486}
  - expect:
      alice:
        - SIPSessionNewOutgoing
        - SIPSessionDidProcessTransaction: {originator: local, code: 603, ack_received: true}
        - SIPSessionDidFail
      bob: [...]
`

const mistaken = "callflow: 1\nname: x\nparties: [alice]\nsteps:\n  - alice: {cal: bob}\n"

func TestExitCodes(t *testing.T) {
	write(t, map[string]string{
		"good.yaml": good, "bad.yaml": bad, "mistaken.yaml": mistaken, "empty/nothing.txt": "", "upd/a folder of mine.txt": "",
		"skipped.yaml": strings.Replace(good, "spec:", "skip: not today\nspec:", 1),
	})
	cases := []struct {
		args []string
		want int
		out  string // part of stdout
		err  string // part of stderr
	}{
		{[]string{"run", "good.yaml"}, 0, "1 scenario, 1 case: 1 passed in", ""},
		{[]string{"run", "good"}, 0, "1 passed", ""},
		{[]string{"run", "bad.yaml"}, 1, "1 case: 0 passed, 1 failed", ""},
		{[]string{"run", "good.yaml", "bad.yaml"}, 1, "2 scenarios, 2 cases: 1 passed, 1 failed", ""},
		{[]string{"run", "mistaken.yaml"}, 2, "", "mistaken.yaml:5:"},
		{[]string{"run", "good.yaml", "mistaken.yaml"}, 2, "", "nothing was run"},
		{[]string{"run", "empty"}, 2, "", "empty"},
		{[]string{"run", "nowhere.yaml"}, 2, "", "nowhere.yaml"},
		{[]string{"run", "skipped.yaml"}, 2, "not today", "nothing was run"},
		{[]string{"run", "good.yaml", "skipped.yaml"}, 0, "1 passed, 1 skipped", ""},
		{[]string{"run", "good.yaml", "skipped.yaml", "--fail-on-skip"}, 1, "1 passed, 1 skipped", "skipped was skipped"},
		{[]string{"run", "good.yaml", "--tag", "basic"}, 0, "1 passed", ""},
		{[]string{"run", "good.yaml", "--tag", "none"}, 2, "", "none of them chosen"},
		{[]string{"run", "good.yaml", "--spec", "S19", "--run", "go"}, 0, "1 passed", ""},
		{[]string{"run", "good.yaml", "--run", "("}, 2, "", "--run"},
		{[]string{"run", "good.yaml", "--var", "x"}, 2, "", "NAME=VALUE"},
		{[]string{"run", "good.yaml", "--seed", "3"}, 0, "seed 3", ""},
		{[]string{"run", "good.yaml", "--seeds", "1..3"}, 0, "1 scenario, 3 cases: 3 passed", ""},
		{[]string{"run", "good.yaml", "--seeds", "3..1"}, 2, "", "--seeds"},
		{[]string{"run", "good.yaml", "--nonsense"}, 2, "", "unknown flag"},
		{[]string{"run", "set/SET-12-chat-only"}, 0, "1 passed", ""},
		{[]string{"run", "upd/"}, 0, " passed in", ""},
		{[]string{"lint", "good.yaml"}, 0, "1 file, 1 case: no problems", ""},
		{[]string{"lint", "mistaken.yaml"}, 2, "", "mistaken.yaml:5:"},
		{[]string{"list", "good.yaml"}, 0, "a good one", ""},
		{[]string{"list", "--notifications", "session"}, 0, "SIPSessionDidEnd {originator: local | remote, end_reason}", ""},
		{[]string{"list", "--notifications", "SIPSessionDidStopp"}, 2, "", "no notification is called so"},
		{[]string{"list", "good.yaml", "--clauses"}, 0, "S2                       good\nS19                      good\nrfc3261#13", ""},
		{[]string{"coverage", "good.yaml", "bad.yaml"}, 0, "S19                      fail   bad good", ""},
		{[]string{"new", "good.yaml"}, 2, "", "is there already"},
		{[]string{"new", "mine.yaml", "--from", "set/SET-12"}, 0, "a copy of set/SET-12-chat-only", ""},
		{[]string{"run", "mine.yaml"}, 0, "1 passed", ""},
		{[]string{"new", "other.yaml", "--from", "nothing"}, 2, "", "no built-in scenario"},
		{[]string{"replay", "bad.yaml", "--seed", "7"}, 1, "alice: SIPSessionDidFail", ""},
		{[]string{"replay", "bad.yaml", "--events"}, 1, `{"t":"0s","party":"alice"`, ""},
		{[]string{"replay", "bad.yaml", "--case", "x"}, 2, "", `no case "x"`},
		{[]string{"dance"}, 2, "", "unknown command"},
		{[]string{"run", ""}, 2, "", "an argument is empty"},
		{[]string{"run", "good.yaml", "--seeds", "1..2", "--seed", "1"}, 2, "", "exclude each other"},
		{[]string{"run", "good.yaml", "--parallel", "-1"}, 2, "", "--parallel -1: expected"},
		{[]string{"run", "good.yaml", "--world", "loopback", "--tolerance", "-1s"}, 2, "", "--tolerance -1s: expected"},
		{[]string{"run", "good.yaml", "--junit", "nowhere/out.xml"}, 2, "", "--junit nowhere/out.xml: stat"},
		{[]string{"run", "good.yaml", "--junit", "empty"}, 2, "", "this is a folder"},
		{[]string{"run", "good.yaml", "--out", "good.yaml/x"}, 2, "", "--out: mkdir"},
		{[]string{"new", "other"}, 2, "", "ends with .yaml"},
		{[]string{"new"}, 2, "", "new: expected one FILE, found 0"},
		{[]string{"replay", "good.yaml", "bad.yaml"}, 2, "", "expected one FILE, found 2"},
		{[]string{"new", "sends.yaml", "--from", "audio/hostile-packets"}, 0, "a copy of", ""},
		{[]string{"lint", "sends.yaml"}, 0, "no problems", ""},
	}
	for _, c := range cases {
		code, out, err := run(t, c.args...)
		if code != c.want || !strings.Contains(out, c.out) || !strings.Contains(err, c.err) || (c.err == "") != (err == "") {
			t.Errorf("callflow %s: exit %d, want %d\n%s\n%s", strings.Join(c.args, " "), code, c.want, out, err)
		}
	}
}

func TestFailureBlock(t *testing.T) {
	write(t, map[string]string{"bad.yaml": bad})
	_, out, _ := run(t, "run", "bad.yaml")
	want := `  alice, item 2 of 3 (bad.yaml:13:11)
    expected  SIPSessionDidProcessTransaction {originator: local, code: 603, ack_received: true}
    got       SIPSessionDidProcessTransaction {originator: local, code: 486, ack_received: true, method: INVITE, reason: Busy Here}
                                                                  ^^^^^^^^^
  before it   SIPSessionNewOutgoing {streams: [a]}   (matched, line 12)
  last messages
      0.000  alice > bob      INVITE cseq 1   audio sendrecv
      0.010  bob > alice      100 INVITE
      0.010  bob > alice      486 INVITE
      0.020  alice > bob      ACK cseq 1
  replay   callflow replay bad.yaml --seed `
	// WALL replaces no time of the call: those have three digits behind the point.
	_, raw, _ := rawRun("run", "bad.yaml")
	if !strings.Contains(raw, want) {
		t.Errorf("want\n%s\ngot\n%s", want, raw)
	}
	if !strings.Contains(out, `bad.yaml  "a bad one"`) {
		t.Errorf("no heading in\n%s", out)
	}
}

func rawRun(args ...string) (code int, stdout, stderr string) {
	var out, err strings.Builder
	code = callflow(args, &out, &err)
	return code, out.String(), err.String()
}

func TestReportsForMachines(t *testing.T) {
	write(t, map[string]string{"good.yaml": good, "bad.yaml": bad})
	code, out, err := rawRun("run", "good.yaml", "bad.yaml", "--json", "--junit", "out.xml", "--out", "kept")
	if code != 1 || err != "" {
		t.Fatalf("exit %d, %s", code, err)
	}
	var report struct {
		Cases []struct {
			ID, Verdict string
			Failures    []struct{ Message string }
		}
		Counts map[string]int
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if report.Counts["pass"] != 1 || report.Counts["fail"] != 1 || len(report.Cases) != 2 || report.Cases[0].ID != "bad" {
		t.Errorf("%+v", report)
	}
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Failure string `xml:"failure"`
		} `xml:"testcase"`
	}
	data, e := os.ReadFile("out.xml")
	if e != nil || xml.Unmarshal(data, &suite) != nil {
		t.Fatalf("%v\n%s", e, data)
	}
	if suite.Tests != 2 || suite.Failures != 1 || !strings.Contains(suite.Cases[0].Failure, "expected  SIPSession") {
		t.Errorf("%+v", suite)
	}
	for _, name := range []string{"events.ndjson", "ladder.txt"} {
		if data, err := os.ReadFile(filepath.Join("kept", "bad", name)); err != nil || !strings.Contains(string(data), "486 INVITE") {
			t.Errorf("%s: %v\n%s", name, err, data)
		}
	}
}

func TestLadder(t *testing.T) {
	write(t, map[string]string{"good.yaml": good})
	_, out, _ := rawRun("run", "good.yaml", "--ladder")
	want := `    t (s)    alice                         bob
    0.000    |                             |  alice: SIPSessionNewOutgoing {streams: [a]}
             |-- INVITE cseq 1 audio ----->|`
	if !strings.Contains(strings.ReplaceAll(out, "\t", " "), strings.Split(want, "\n")[0]) {
		t.Errorf("want\n%s\ngot\n%s", want, out)
	}
}
