package storage

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/internal/yamlnode"
)

// FuzzParse: whatever the file holds, it is read or refused with a place, and
// what was read comes back from what Save writes.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "# c\n", "Accounts:\n    alice@example.org:\n        auth:\n            password: \"s3 cret\"\n",
		"SIPSimpleSettings:\n  sip: {transport_list: [udp, \"\"], invite_timeout: }\n", "a: ~\nb: \"~\"\n# end",
		"a: &x 1\nb: *x\n", "a: !!binary x", "<<: {a: b}", "a: |\n  b\n", "? {a: b}\n: c", "a: 1\na: 2", "a:\n\tb: 1", "--- a\n--- b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, root, err := parse("config", data)
		if err != nil {
			if parse, ok := errors.AsType[*ParseError](err); !ok || parse.Found == "" || !strings.HasPrefix(err.Error(), "config") {
				t.Fatalf("%q gives %v", data, err)
			}
			return
		}
		if err := tree.Check(); err != nil {
			t.Fatalf("%q was read, but cannot be saved: %v", data, err)
		}
		text := yamlnode.Format(build(tree, root))
		again, _, err := parse("config", text)
		if err != nil || !reflect.DeepEqual(tree, again) {
			t.Fatalf("%q was written as %q: %v\nread %q\nthen %q", data, text, err, map[string]any(tree), map[string]any(again))
		}
	})
}
