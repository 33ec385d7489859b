package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/schema"
)

var update = flag.Bool("update", false, "write callflow.v1.json anew")

// TestCurrent: the schema is what the tables and the notification types make.
func TestCurrent(t *testing.T) {
	made, err := schema.Generate(comments(t, "../../sipsimple", "../../sipsimple/streams", "../../sipsimple/core/resolver"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("callflow.v1.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(made, schema.JSON) {
		t.Fatal("callflow.v1.json is out of date; write it anew with: go test ./conformance/schema -update")
	}
}

// comments reads the doc comments of all types of some packages.
func comments(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	about := map[string]string{}
	for _, folder := range folders {
		files, err := fs.Glob(os.DirFS(folder), "*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), folder+"/"+name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if decl, ok := n.(*ast.GenDecl); ok {
					typeComments(decl, about)
				}
				return true
			})
		}
	}
	return about
}

func typeComments(decl *ast.GenDecl, about map[string]string) {
	for _, spec := range decl.Specs {
		typed, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		doc := typed.Doc
		if doc == nil && len(decl.Specs) == 1 {
			doc = decl.Doc
		}
		if doc != nil {
			text := strings.Join(strings.Fields(doc.Text()), " ")
			text = strings.TrimPrefix(strings.TrimPrefix(text, typed.Name.Name+": "), typed.Name.Name+" ")
			about[typed.Name.Name] = text
		}
	}
}

// TestEverythingIsDescribed: the descriptions are the hover texts.
func TestEverythingIsDescribed(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal(schema.JSON, &root); err != nil {
		t.Fatal(err)
	}
	var visit func(path string, v any)
	visit = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, table := range []string{"properties", "$defs"} {
				entries, _ := v[table].(map[string]any)
				for name, entry := range entries {
					checkDescription(t, path+"/"+name, entry, root)
				}
			}
			for key, inner := range v {
				if key != "defaultSnippets" {
					visit(path+"/"+key, inner)
				}
			}
		case []any:
			for _, inner := range v {
				visit(path, inner)
			}
		}
	}
	visit("", root)
}

func checkDescription(t *testing.T, path string, entry any, root map[string]any) {
	t.Helper()
	schema, ok := entry.(map[string]any)
	if !ok {
		return // a property called "properties"
	}
	if text, _ := schema["description"].(string); text != "" {
		return
	}
	name, _ := schema["$ref"].(string)
	defs := root["$defs"].(map[string]any)
	if target, _ := defs[strings.TrimPrefix(name, "#/$defs/")].(map[string]any); target["description"] == nil {
		t.Errorf("%s has no description", path)
	}
}
