package sipsimple

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestSessionKnowsNoKindOfStream: what this package uses of the streams is the
// interface and what belongs to it. Only the application knows which kinds come
// with the middleware, for its registry (row I1).
func TestSessionKnowsNoKindOfStream(t *testing.T) {
	shared := []string{
		"Connected", "Direction", "Environment", "Factory", "Incoming", "InvalidStreamError", "MediaStream", "Notifications", "Outgoing",
		"PortRotation", "Registry", "Session",
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "application") {
			continue
		}
		files++
		for _, used := range usedOfStreams(t, name) {
			if !slices.Contains(shared, used) && !strings.HasPrefix(used, "MediaStream") {
				t.Errorf("%s uses streams.%s", name, used)
			}
		}
	}
	if files < 40 {
		t.Fatalf("only %d files", files)
	}
}

// usedOfStreams are the names of package streams in a file.
func usedOfStreams(t *testing.T, name string) []string {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "streams" {
				names = append(names, s.Sel.Name)
			}
		}
		return true
	})
	return names
}
