package conformance_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// onTheWall are the calls that make a time on the wall, without a monotonic reading
// (see package time), or ask for it: methods, and functions of package time. What is
// reckoned with such times jumps when somebody sets the clock.
var onTheWall = []string{
	"UTC", "Unix", "UnixMilli", "UnixMicro", "UnixNano", "AddDate", "ModTime", "Truncate", "Round(0)",
	"time.Unix", "time.UnixMilli", "time.UnixMicro", "time.Date", "time.Parse", "time.ParseInLocation", "http.ParseTime",
}

// harmless is where they may be, and why: none of them has to do with a timer.
var harmless = map[string]string{
	"audio/clock.go Truncate":                              "of a duration",
	"audio/clock.go UnixNano":                              "where in its 20 ms the first tick is",
	"cmd/callflow/phone/events.go Truncate":                "of a duration",
	"sipsimple/host_monitor.go Round(0)":                   "compares the clocks: the machine has slept, or one was set",
	"sipsimple/msrp/cpim/message.go time.Parse":            "DateTime of a message, shown only",
	"sipsimple/msrp/iscomposing/iscomposing.go UTC":        "when we have typed last, told only",
	"sipsimple/msrp/iscomposing/iscomposing.go time.Parse": "when the peer has typed last, told only",
	"sipsimple/storage/lock.go Truncate":                   "of a file",
	"sipsimple/streams/file_save.go ModTime":               "how old a forgotten file is",
	"sipsimple/streams/rtcp_reports.go Unix":               "NTP time of a report, counted from the beginning of the stream",
}

// TestTimersAreMonotonic: a clock that is set changes no timer and no duration
// (reliability I40), for nothing is reckoned with times on the wall.
func TestTimersAreMonotonic(t *testing.T) {
	root := os.DirFS("..")
	found, files := map[string]bool{}, 0
	for _, folder := range []string{"sipsimple", "audio", "cmd/callflow/phone"} {
		err := fs.WalkDir(root, folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			files++
			for _, call := range callsIn(t, root, name) {
				found[name+" "+call] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 200 {
		t.Fatalf("%d files read", files)
	}
	for _, call := range slices.Sorted(maps.Keys(found)) {
		if harmless[call] == "" {
			t.Errorf("%s: is it a time on the wall, and what depends on it?", call)
		}
	}
	for call := range harmless {
		if !found[call] {
			t.Errorf("%s is no longer there", call)
		}
	}
}

// callsIn lists the calls of a file that are about times on the wall.
func callsIn(t *testing.T, root fs.FS, name string) (calls []string) {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if called := nameOf(call); slices.Contains(onTheWall, called) {
				calls = append(calls, called)
			}
		}
		return true
	})
	return calls
}

// nameOf is what is called, with its package or, of a number, its argument.
func nameOf(call *ast.CallExpr) string {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	name := selector.Sel.Name
	if of, ok := selector.X.(*ast.Ident); ok && (of.Name == "time" || of.Name == "http") {
		name = of.Name + "." + name
	}
	if len(call.Args) == 1 && name == "Round" {
		if number, ok := call.Args[0].(*ast.BasicLit); ok {
			name += "(" + number.Value + ")"
		}
	}
	return name
}
