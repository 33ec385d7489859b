package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/rows"
)

const module = "github.com/go-sipsimple/callflow/"

// goTests runs the Go tests that are evidence, with the go command, and tells
// their verdicts: pass, fail, or none for one that was skipped or did not run.
// It needs the sources of the module: the folder it is called in, or one where
// the module is required. An error says why nothing could be run; a package
// that does not build is a failure of its tests.
func goTests(ctx context.Context, list []rows.Test) (map[rows.Test]string, error) {
	var packages, funcs []string
	for _, t := range list {
		packages, funcs = append(packages, module+t.Package), append(funcs, regexp.QuoteMeta(t.Func))
	}
	slices.Sort(packages)
	slices.Sort(funcs)
	args := []string{"test", "-json", "-count=1", "-run", "^(" + strings.Join(slices.Compact(funcs), "|") + ")$"}
	cmd := exec.CommandContext(ctx, "go", append(args, slices.Compact(packages)...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	actions, ran := testActions(out)
	if err != nil && len(ran) == 0 {
		return nil, fmt.Errorf("go test: %w\n%s", err, complaint.Bytes())
	}
	verdicts := map[rows.Test]string{}
	for _, t := range list {
		pkg := module + t.Package
		switch action := actions[pkg+"."+t.Func]; {
		case action == "pass":
			verdicts[t] = "pass"
		case action == "fail" || ran[pkg] == "fail":
			verdicts[t] = "fail"
		default:
			verdicts[t] = "none"
		}
	}
	return verdicts, nil
}

// testActions reads the output of go test -json: what became of each test, by
// package and name, and of each package.
func testActions(out []byte) (tests, packages map[string]string) {
	tests, packages = map[string]string{}, map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var event struct{ Action, Package, Test string }
		if json.Unmarshal(lines.Bytes(), &event) != nil || !slices.Contains([]string{"pass", "fail", "skip"}, event.Action) {
			continue
		}
		if event.Test == "" {
			packages[event.Package] = event.Action
		} else {
			tests[event.Package+"."+event.Test] = event.Action
		}
	}
	return tests, packages
}
