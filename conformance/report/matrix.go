package report

import (
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
)

// Matrix is a table of phones and scenarios.
type Matrix struct {
	Columns []string // such as "baresip as bob"
	Rows    []string // full names of cases
	Cells   map[Cell]Mark
}

// Cell is a place in a matrix.
type Cell struct{ Row, Column string }

// Mark is what stands there.
type Mark struct {
	Word string // ok, FAIL, skip, known (a known failure), FIXED (a known failure that has passed), BROKEN
	Why  string // "" for ok
}

// Set puts a mark into a cell; rows and columns are added as they come.
func (m *Matrix) Set(at Cell, mark Mark) {
	if m.Cells == nil {
		m.Cells = map[Cell]Mark{}
	}
	if !slices.Contains(m.Rows, at.Row) {
		m.Rows = append(m.Rows, at.Row)
	}
	if !slices.Contains(m.Columns, at.Column) {
		m.Columns = append(m.Columns, at.Column)
	}
	m.Cells[at] = mark
}

// played drops the rows in which nothing was played.
func (m *Matrix) played() []string {
	return slices.DeleteFunc(slices.Clone(m.Rows), func(row string) bool {
		return !slices.ContainsFunc(m.Columns, func(column string) bool {
			word := m.Cells[Cell{row, column}].Word
			return word != "" && word != "skip"
		})
	})
}

// Text prints the table, without the rows in which nothing was played.
func (m *Matrix) Text(out io.Writer) {
	rows := m.played()
	first := 0
	for _, row := range rows {
		first = max(first, len(row))
	}
	line := func(head string, cell func(column string) string) {
		var b strings.Builder
		fmt.Fprintf(&b, "%-*s", first, head)
		for _, column := range m.Columns {
			fmt.Fprintf(&b, "  %-*s", len(column), cell(column))
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
	line("", func(column string) string { return column })
	for _, row := range rows {
		line(row, func(column string) string {
			if word := m.Cells[Cell{row, column}].Word; word != "" && word != "skip" {
				return word
			}
			return "-"
		})
	}
	if left := len(m.Rows) - len(rows); left > 0 {
		fmt.Fprintf(out, "\n%s without anything that these phones could play\n", plural(left, "case"))
	}
}

var page = template.Must(template.New("matrix").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Phones under test</title>
<style>
body { font-family: sans-serif; margin: 2em }
table { border-collapse: collapse }
th, td { border: 1px solid #ccc; padding: .2em .6em; text-align: left }
.ok { background: #dfd } .FAIL, .BROKEN, .FIXED { background: #fdd } .known { background: #ffd } .skip { color: #777 }
</style>
<h1>Phones under test</h1>
<table>
<tr><th>scenario{{range .Columns}}<th>{{.}}{{end}}
{{range .Rows}}<tr><td>{{.Name}}{{range .Marks}}<td class="{{.Word}}" title="{{.Why}}">{{.Word}}{{end}}
{{end}}</table>
</html>
`))

// HTML writes the table as a page of its own; the reasons appear when a cell is
// pointed at.
func (m *Matrix) HTML(out io.Writer) error {
	type row struct {
		Name  string
		Marks []Mark
	}
	var rows []row
	for _, name := range m.Rows {
		r := row{Name: name}
		for _, column := range m.Columns {
			r.Marks = append(r.Marks, m.Cells[Cell{name, column}])
		}
		rows = append(rows, r)
	}
	return page.Execute(out, struct {
		Columns []string
		Rows    []row
	}{m.Columns, rows})
}
