// Package rows holds the rows of the table of the API: one for every statement,
// class, method, attribute, notification and field that the middleware promises.
// Scenarios name them in `spec:` as what they are evidence for; where no scenario
// can, a Go test does in its doc comment ([Tests]).
package rows

import (
	_ "embed"
	"strings"
)

// Row is one promise.
type Row struct {
	ID   string // S19
	Kind string // statement, class, method, argument, attribute, notification, field
	Item string // what it is about
}

//go:embed rows.tsv
var table string

// All lists the rows in the order of the table.
func All() []Row {
	var list []Row
	for line := range strings.Lines(table) {
		if f := strings.SplitN(strings.TrimSpace(line), "\t", 3); len(f) == 3 {
			list = append(list, Row{f[0], f[1], f[2]})
		}
	}
	return list
}
