package scenario_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/scenarios"
)

// TestDocumentation: every complete file in the reference for authors is one.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/scenario-language.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for i, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.HasPrefix(block, "callflow: 1\n") {
			continue
		}
		count++
		root := fstest.MapFS{"example.yaml": {Data: []byte(block)}}
		if _, problems := scenario.Load(root, nil, scenario.Options{Library: scenarios.FS}); problems != nil {
			t.Errorf("example %d:\n%s", i+1, problems.Error())
		}
	}
	if count < 6 {
		t.Errorf("only %d complete examples were found", count)
	}
}
