// Package schema holds the JSON Schema of scenario files (draft 2020-12), for
// completion, hover texts and red lines in editors:
//
//	# yaml-language-server: $schema=../../conformance/schema/callflow.v1.json
//
// It is generated from the tables of the linter and from the notification
// types, so it cannot fall behind the code: a test compares. The linter judges
// more than a schema can (variables, labels, parties, watching); what the
// schema refuses the linter refuses too.
//
// To write it anew: go test ./conformance/schema -update
package schema

import _ "embed"

// JSON is the schema, version 1 of the format.
//
//go:embed callflow.v1.json
var JSON []byte

// ID is the identifier of the schema.
const ID = "https://github.com/go-sipsimple/callflow/conformance/schema/callflow.v1.json"
