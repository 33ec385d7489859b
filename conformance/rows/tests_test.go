package rows_test

import (
	"cmp"
	"flag"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/rows"
)

var update = flag.Bool("update", false, "write the list of tests from their doc comments")

// TestTestsAreReal: the list names what the doc comments of the tests in the
// repository name, and nothing else; every row is one of the table, every test
// is one that the go command runs.
func TestTestsAreReal(t *testing.T) {
	found := inRepository(t)
	if *update {
		var text strings.Builder
		for _, one := range found {
			text.WriteString(one.Row + "\t" + one.Package + "\t" + one.Func + "\n")
		}
		if err := os.WriteFile("tests.tsv", []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	listed := rows.Tests()
	for _, one := range listed {
		if !slices.Contains(found, one) {
			t.Errorf("tests.tsv has %s for row %s: there is no such test, or its doc comment does not name the row", one, one.Row)
		}
	}
	for _, one := range found {
		if !slices.Contains(listed, one) {
			t.Errorf("the doc comment of %s names row %s, tests.tsv does not: go test ./conformance/rows -update", one, one.Row)
		}
	}
	if !slices.Equal(found, listed) {
		t.Error("tests.tsv is not in order: go test ./conformance/rows -update")
	}
}

// inRepository reads all test files, but for those that need a build tag: go
// test leaves them out.
func inRepository(t *testing.T) []rows.Test {
	root := filepath.Join("..", "..")
	var list []rows.Test
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "tools" || strings.HasPrefix(d.Name(), ".") && name != root):
			return fs.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil || constrained(file) {
			return err
		}
		list = append(list, inFile(t, filepath.ToSlash(folder), file)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	order := map[string]int{}
	for i, r := range rows.All() {
		order[r.ID] = i
	}
	slices.SortFunc(list, func(a, b rows.Test) int {
		return cmp.Or(order[a.Row]-order[b.Row], cmp.Compare(a.Package, b.Package), cmp.Compare(a.Func, b.Func))
	})
	return list
}

// constrained says whether a file has a build constraint.
func constrained(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:build") {
				return true
			}
		}
	}
	return false
}

func inFile(t *testing.T, folder string, file *ast.File) []rows.Test {
	runs := map[string]bool{}
	for _, e := range doc.Examples(file) {
		runs["Example"+e.Name] = e.Output != "" || e.EmptyOutput
	}
	var list []rows.Test
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		named := rowsIn(f.Doc.Text())
		for _, row := range named {
			one := rows.Test{Row: row, Package: folder, Func: f.Name.Name}
			if !slices.ContainsFunc(rows.All(), func(r rows.Row) bool { return r.ID == row }) {
				t.Errorf("%s: there is no row %s", one, row)
			}
			if isTest := f.Recv == nil && strings.HasPrefix(one.Func, "Test"); !isTest && !runs[one.Func] {
				t.Errorf("%s names row %s but is neither a test nor an example with output", one, row)
			}
			list = append(list, one)
		}
	}
	return list
}

var mention = regexp.MustCompile(`\b[Rr]ows?\s+([GATIMSX][0-9]+(?:(?:,\s+|\s+and\s+)[GATIMSX][0-9]+)*)`)

// rowsIn finds the rows that a text names in the form of mention.
func rowsIn(text string) []string {
	var list []string
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		list = append(list, regexp.MustCompile(`[A-Z][0-9]+`).FindAllString(m[1], -1)...)
	}
	return list
}

// TestRowsIn: what counts as naming a row.
func TestRowsIn(t *testing.T) {
	for text, want := range map[string][]string{
		"It stops (row A18).":              {"A18"},
		"Rows A18, X6\nand X7: they do.":   {"A18", "X6", "X7"},
		"The rows of A18, and ROW A2.":     nil,
		"Row A2; then row A8 and the rest": {"A2", "A8"},
	} {
		if got := rowsIn(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
