package rows_test

import (
	"regexp"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/rows"
)

// TestTable: 270 rows, each once, none without a word about it.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	form := regexp.MustCompile(`^[GATIMSX][1-9][0-9]*$`)
	for _, r := range rows.All() {
		if seen[r.ID] || !form.MatchString(r.ID) || r.Kind == "" || r.Item == "" {
			t.Errorf("%+v", r)
		}
		seen[r.ID] = true
	}
	if len(seen) != 270 {
		t.Errorf("%d rows", len(seen))
	}
}
