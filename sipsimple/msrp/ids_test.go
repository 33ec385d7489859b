package msrp

import (
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/internal/idtest"
)

// TestIdentifiersAreUnpredictable: those of one stream, and the sessions of many
// (reliability I18, C26, C27).
func TestIdentifiersAreUnpredictable(t *testing.T) {
	ids := func() *IDs {
		ids, err := NewIDs(nil)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	one := ids()
	idtest.Unpredictable(t, "session", one.Session)
	idtest.Unpredictable(t, "message", one.New)
	idtest.Unpredictable(t, "first session", func() string { return ids().Session() })
}
