package rows_test

import (
	"testing"

	"github.com/go-sipsimple/callflow/conformance/rows"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// TestNotificationNames: notifications are strings, spelt as in the table, each
// once; below each are its fields (row G7).
func TestNotificationNames(t *testing.T) {
	byName := map[string]notification.Data{}
	for _, data := range sipsimple.Notifications() {
		name := data.NotificationName()
		if _, twice := byName[name]; twice {
			t.Errorf("two notifications are called %s", name)
		}
		byName[name] = data
	}
	var fields map[string]bool
	names := 0
	for _, r := range rows.All() {
		switch r.Kind {
		case "notification":
			names++
			data, ok := byName[r.Item]
			if !ok {
				t.Errorf("row %s: there is no notification %s", r.ID, r.Item)
				continue
			}
			fields = map[string]bool{"timestamp": true} // of every notification
			for _, f := range notification.FieldsOf(data) {
				fields[f.Name] = true
			}
		case "field":
			if !fields[r.Item] {
				t.Errorf("row %s: the notification before it has no field %s", r.ID, r.Item)
			}
		}
	}
	if names != 24 {
		t.Errorf("%d notifications, want 24", names)
	}
}
