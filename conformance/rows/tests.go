package rows

import (
	_ "embed"
	"strings"
)

// Test is a Go test or example that is evidence for a row, where the row is
// about the shape of the Go API or about objects that no scenario can see.
type Test struct {
	Row     string // A18
	Package string // its folder in the repository: sipsimple
	Func    string // TestFatalErrorIsFinal, ExampleApplication
}

// String is how reports name it: sipsimple.TestFatalErrorIsFinal.
func (t Test) String() string { return t.Package + "." + t.Func }

//go:embed tests.tsv
var tests string

// Tests lists the tests in the order of their rows. The list is made from the
// doc comments of the tests, which name their rows ("… (row A18)"); a test of
// this package makes sure that it is up to date: go test ./conformance/rows
// -update writes it.
func Tests() []Test {
	var list []Test
	for line := range strings.Lines(tests) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
			list = append(list, Test{f[0], f[1], f[2]})
		}
	}
	return list
}
