package scenario_test

import (
	"os"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// TestRepository loads every scenario of the repository.
func TestRepository(t *testing.T) {
	cases, problems := scenario.Load(os.DirFS("../../scenarios"), nil, scenario.Options{})
	if problems != nil {
		t.Fatal(problems.Error())
	}
	for _, c := range cases {
		if c.ID == "" || c.Title == "" && c.Name == "" {
			t.Errorf("%s has no name", c.File)
		}
	}
	t.Logf("%d cases", len(cases))
}
