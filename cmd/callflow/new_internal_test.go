package main

import "testing"

func TestACopyHasOneSchemaLine(t *testing.T) {
	for text, want := range map[string]string{
		schemaLine + "../x.json\ncallflow: 1\n": "callflow: 1\n",
		"callflow: 1\n":                         "callflow: 1\n",
	} {
		if got := withoutSchema(text); got != want {
			t.Errorf("of %q remains %q, want %q", text, got, want)
		}
	}
}
