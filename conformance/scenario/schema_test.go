package scenario_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/go-sipsimple/callflow/conformance/schema"
	"github.com/go-sipsimple/callflow/scenarios"
)

// TestSchemaAcceptsScenarios: an editor shows no red line in a good file.
func TestSchemaAcceptsScenarios(t *testing.T) {
	compiled := compileSchema(t)
	count := 0
	err := fs.WalkDir(scenarios.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		count++
		data, err := fs.ReadFile(scenarios.FS, name)
		if err != nil {
			return err
		}
		value, err := editorView(data)
		if err != nil {
			return err
		}
		if err := compiled.Validate(value); err != nil {
			t.Errorf("%s: %v", name, shorten(err))
		}
		return nil
	})
	if err != nil || count < 80 {
		t.Fatalf("%d scenarios, %v", count, err)
	}
}

// beyondSchema are bad files whose mistakes only the linter can see.
var beyondSchema = map[string]bool{"labels": true, "variables": true, "bomb": true, "groups": true, "part.inc": true, "parts": true,
	"duplicate": true, "alias": true, "two": true}

// TestSchemaRefusesBadFiles: what the schema can see, it refuses.
func TestSchemaRefusesBadFiles(t *testing.T) {
	compiled := compileSchema(t)
	files, _ := filepath.Glob("testdata/bad/*.yaml")
	refused := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		value, err := editorView(data)
		if err != nil || beyondSchema[name] {
			continue
		}
		refused++
		if compiled.Validate(value) == nil {
			t.Errorf("%s: the schema finds nothing wrong", name)
		}
	}
	if refused < 8 {
		t.Fatalf("only %d bad files were tried", refused)
	}
	for _, line := range badLines {
		value, err := editorView([]byte("callflow: 1\nname: bad\nparties: [alice, bob]\nsteps:\n  - alice: {call: bob}\n" + line + "\n"))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if compiled.Validate(value) == nil {
			t.Errorf("the schema finds nothing wrong with\n%s", line)
		}
	}
}

var badLines = []string{
	"  - bob: acept",
	"  - bob: {accept: audio}",
	"  - bob: {reject: busy}",
	"  - bob: accept\n    within: 5",
	"  - exepct: {alice: []}",
	"  - expect: {alice: [SIPSessionDidEnds]}",
	"  - expect: {alice: [SIPSessionDidEnd: {orginator: local}]}",
	"  - expect: {alice: [SIPSessionDidEnd: {originator: locl}]}",
	"  - expect: {alice: SIPSessionDidEnd}",
	"  - expect: {wire: [alice - bob: INVITE]}",
	"  - expect: {wire: [alice > bob: {INVITE: {subjct: x}}]}",
	"  - expect: {wire: [alice > bob: invite]}",
	"  - check: {alice: {stat: connected}}",
	"  - listen: 3s\n    bob hears alice: {tome: 440 Hz}",
	"  - cut: alice",
	"  - drop: alice > bob",
	"setle: 3s",
	"matrix: {codec: [MP3]}",
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.JSON))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(schema.ID, document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(schema.ID)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// editorView reads a file as an editor does, with YAML's own types.
func editorView(data []byte) (any, error) {
	var value any
	err := yaml.Unmarshal(data, &value)
	return jsonValue(value), err
}

func jsonValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = jsonValue(inner)
		}
	case map[any]any:
		m := map[string]any{}
		for key, inner := range v {
			m[fmt.Sprint(key)] = jsonValue(inner)
		}
		return m
	case []any:
		for i, inner := range v {
			v[i] = jsonValue(inner)
		}
	}
	return value
}

// shorten keeps the beginning of the validator's long story.
func shorten(err error) string {
	lines := strings.Split(err.Error(), "\n")
	return strings.Join(lines[:min(len(lines), 12)], "\n")
}
