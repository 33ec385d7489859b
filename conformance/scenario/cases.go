package scenario

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// maxCases of one file; more is a slip of the pen.
const maxCases = 10000

// row is one case: its name and the variables it sets.
type row struct {
	name string
	base string // what the table calls it, without the values of the matrix
	vars variables
}

// expandCases multiplies matrix and cases and leaves out the exceptions. A
// file without either has one case without a name.
func (r *reporter) expandCases(f *file, overrides map[string]string) []row {
	rows := r.readCases(f)
	for _, column := range r.readMatrix(f, overrides) {
		if len(rows)*len(column.values) > maxCases {
			r.at(column.key, "more than %d cases", maxCases)
			return nil
		}
		var product []row
		for _, base := range rows {
			for _, value := range column.values {
				vars := base.vars.with(variables{column.key.text: value})
				product = append(product, row{joinName(base.name, value.text), base.base, vars})
			}
		}
		rows = product
	}
	rows = r.leaveOut(f, rows)
	seen := map[string]bool{}
	for _, one := range rows {
		if seen[one.name] {
			r.at(f.first("cases", "matrix"), "two cases are called %s; give them a name", quote(one.name))
			break
		}
		seen[one.name] = true
	}
	return rows
}

func joinName(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "," + b
}

// readCases reads the table. Every row has the columns of the first.
func (r *reporter) readCases(f *file) []row {
	table := f.root.get("cases")
	if table == nil {
		return []row{{vars: variables{}}}
	}
	if !table.isList() || len(table.items) == 0 {
		r.at(table, "cases: expected a list of maps, one for each case; found %s", table.what())
		return []row{{vars: variables{}}}
	}
	var rows []row
	named := slices.ContainsFunc(table.items, func(item *node) bool { return item.get("name") != nil })
	for _, item := range table.items {
		if !item.isDict() {
			r.at(item, "expected a map with the values of one case, found %s", item.what())
			continue
		}
		one := row{vars: variables{}}
		var parts []string
		for _, p := range item.pairs {
			switch {
			case p.key.text == "name":
				one.name = p.value.text
			case p.value.null:
				r.at(p.key, "%s has no value; null is written out, and a text with \", \" in it is quoted", quote(p.key.text))
			default:
				r.checkVariableName(p.key)
				one.vars[p.key.text] = p.value
			}
			parts = append(parts, p.value.text)
		}
		if one.name == "" {
			one.name = strings.Trim(strings.Join(parts, ","), ",")
		}
		one.base = one.name
		if named {
			one.vars["name"] = &node{kind: scalarNode, pos: item.pos, text: one.name, quoted: true}
		}
		r.checkColumns(table.items[0], item)
		rows = append(rows, one)
	}
	if len(rows) == 0 {
		return []row{{vars: variables{}}}
	}
	return rows
}

func (r *reporter) checkColumns(first, item *node) {
	for _, p := range first.pairs {
		if p.key.text != "name" && item.get(p.key.text) == nil {
			r.at(item, "this case has no value for %s, which the first case has", quote(p.key.text))
		}
	}
	for _, p := range item.pairs {
		if p.key.text != "name" && first.get(p.key.text) == nil {
			r.at(p.key, "the first case has no value for %s%s", quote(p.key.text), didYouMean(p.key.text, keysOf(first)))
		}
	}
}

func keysOf(n *node) []string {
	var keys []string
	for _, p := range n.pairs {
		keys = append(keys, p.key.text)
	}
	return keys
}

type column struct {
	key    *node
	values []*node
}

// readMatrix reads the columns. A --var of a column leaves that value only.
func (r *reporter) readMatrix(f *file, overrides map[string]string) []column {
	matrix := f.root.get("matrix")
	if matrix == nil {
		return nil
	}
	if !matrix.isDict() {
		r.at(matrix, "matrix: expected a map of lists, found %s", matrix.what())
		return nil
	}
	var columns []column
	for _, p := range matrix.pairs {
		r.checkVariableName(p.key)
		if !p.value.isList() || len(p.value.items) == 0 {
			r.at(p.key, "the column %s of the matrix has no values: expected a list, found %s", quote(p.key.text), p.value.what())
			continue
		}
		c := column{p.key, p.value.items}
		for _, v := range c.values {
			if !v.isScalar() {
				r.at(v, "the matrix needs plain values, found %s; use cases: for more", v.what())
			}
		}
		if v, ok := overrides[p.key.text]; ok {
			c.values = []*node{textNode(p.key.pos, v)}
		}
		columns = append(columns, c)
	}
	return columns
}

// checkVariableName reports a column or variable that no $name could mean.
func (r *reporter) checkVariableName(key *node) {
	if !variableName.MatchString(key.text) {
		r.at(key, "%s is no name of a variable: small letters, digits and _", quote(key.text))
	}
}

// leaveOut applies except: every entry must hit something.
func (r *reporter) leaveOut(f *file, rows []row) []row {
	except := f.root.get("except")
	if except == nil {
		return rows
	}
	if !except.isList() {
		r.at(except, "except: expected a list of maps, found %s", except.what())
		return rows
	}
	for _, hole := range except.items {
		if !hole.isDict() || len(hole.pairs) == 0 {
			r.at(hole, "except: expected a map of values that do not go together, found %s", hole.what())
			continue
		}
		before := len(rows)
		rows = slices.DeleteFunc(rows, func(one row) bool { return one.matches(hole) })
		if len(rows) == before {
			r.at(hole, "no case has %s: nothing is left out", hole)
		}
	}
	if len(rows) == 0 {
		r.at(except, "every case is left out")
	}
	return rows
}

func (one row) matches(hole *node) bool {
	for _, p := range hole.pairs {
		value := one.vars[p.key.text]
		if (value == nil || value.String() != p.value.String()) && (p.key.text != "name" || p.value.text != one.base) {
			return false
		}
	}
	return true
}

// seedOf mixes the seed of a file and the name of a case: a new case changes
// nothing for the others.
func seedOf(fileSeed uint64, name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(strconv.FormatUint(fileSeed, 10) + "/" + name))
	return h.Sum64()
}

// WithSeed is the case as [Load] gives it with this seed in Options. Only the seed
// is its own.
func (c *Case) WithSeed(seed uint64) *Case {
	one := *c
	one.Seed = seedOf(seed, c.Name)
	return &one
}

// seedFromName is the seed of a file that gives none.
func seedFromName(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}
