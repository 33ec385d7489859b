package match

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Named is a value that goes by several names, such as a stream by its name and
// by its type: a text matches when it is one of them.
type Named interface{ Names() []string }

// Parts is a value made of named parts, such as a header: a map of matchers
// looks at each of them. A part that is not there is [Absent].
type Parts interface{ Part(name string) any }

// Verbatim is a value that knows whether it is byte for byte what was sent.
type Verbatim interface{ Identical() bool }

// dimension is what a unit measures.
type dimension byte

const (
	plain     dimension = 0
	duration  dimension = 's'
	frequency dimension = 'H'
	decibel   dimension = 'd'
	percent   dimension = '%'
	size      dimension = 'B'
)

// quantity is a number with a unit, in the base unit of its dimension:
// seconds, hertz, decibel, per cent, bytes.
type quantity struct {
	value float64
	dim   dimension
}

var units = map[string]quantity{
	"": {1, plain}, "ms": {1e-3, duration}, "s": {1, duration}, "m": {60, duration}, "h": {3600, duration},
	"Hz": {1, frequency}, "dB": {1, decibel}, "%": {1, percent},
	"B": {1, size}, "kB": {1e3, size}, "MB": {1e6, size},
}

var quantityForm = regexp.MustCompile(`^([-+]?\d+(?:\.\d+)?) ?([A-Za-z%]*)$`)

// parseQuantity reads "20ms", "440 Hz", "-3.5".
func parseQuantity(text string) (quantity, bool) {
	m := quantityForm.FindStringSubmatch(text)
	if m == nil {
		return quantity{}, false
	}
	unit, ok := units[m[2]]
	if !ok {
		return quantity{}, false
	}
	n, err := strconv.ParseFloat(m[1], 64)
	return quantity{n * unit.value, unit.dim}, err == nil
}

// comparable tells whether two quantities measure the same thing; a number
// without a unit is compared with anything.
func (q quantity) comparable(other quantity) bool {
	return q.dim == other.dim || q.dim == plain || other.dim == plain
}

// equal allows for the rounding of decimal fractions, and no more.
func (q quantity) equal(other quantity) bool {
	diff := q.value - other.value
	return q.comparable(other) && diff < 1e-9 && diff > -1e-9
}

// quantityOf reads a number out of a value; texts count when they are numbers.
func quantityOf(v any) (quantity, bool) {
	switch v := v.(type) {
	case nil, bool, Absent:
		return quantity{}, false
	case time.Duration:
		return quantity{v.Seconds(), duration}, true
	case string:
		return parseQuantity(v)
	case Named:
		for _, name := range v.Names() {
			if q, ok := parseQuantity(name); ok {
				return q, true
			}
		}
		return quantity{}, false
	case fmt.Stringer:
		return parseQuantity(v.String())
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return quantity{value: float64(r.Int())}, true
	case r.CanUint():
		return quantity{value: float64(r.Uint())}, true
	case r.CanFloat():
		return quantity{value: r.Float()}, true
	case r.Kind() == reflect.String:
		return parseQuantity(r.String())
	}
	return quantity{}, false
}

// Format is a value as reports print it: texts bare, null, absent, lists in
// brackets, maps in braces with sorted keys.
func Format(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case Absent:
		return "absent"
	case string:
		return v
	case fmt.Stringer:
		return v.String()
	case error:
		return v.Error()
	case Named:
		if names := v.Names(); len(names) > 0 {
			return names[0]
		}
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		return "[" + joined(v) + "]"
	case map[string]any:
		return "{" + FormatFields(v, nil) + "}"
	}
	if list, ok := listOf(v); ok {
		return "[" + joined(list) + "]"
	}
	return fmt.Sprint(v)
}

func joined(list []any) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = Format(v)
	}
	return strings.Join(texts, ", ")
}

// FormatFields prints "name: value, …": the names of order first, the others
// after them in alphabetical order.
func FormatFields(fields map[string]any, order []string) string {
	var texts []string
	for _, name := range sortedNames(fields, order) {
		if name == "timestamp" && !slices.Contains(order, name) {
			continue // every notification has one
		}
		texts = append(texts, name+": "+Format(fields[name]))
	}
	return strings.Join(texts, ", ")
}

// sortedNames lists the keys of fields: those in order first, then the rest sorted.
func sortedNames[V any](fields map[string]V, order []string) []string {
	names := make([]string, 0, len(fields))
	for _, name := range order {
		if _, ok := fields[name]; ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	first := len(names)
	for name := range fields {
		if !slices.Contains(names[:first], name) {
			names = append(names, name)
		}
	}
	slices.Sort(names[first:])
	return names
}

// listOf is a value as a list, if it is one.
func listOf(v any) ([]any, bool) {
	if list, ok := v.([]any); ok {
		return list, true
	}
	r := reflect.ValueOf(v)
	if v == nil || r.Kind() != reflect.Slice || r.Type().Elem().Kind() == reflect.Uint8 {
		return nil, false
	}
	list := make([]any, r.Len())
	for i := range list {
		list[i] = r.Index(i).Interface()
	}
	return list, true
}

// texts lists the texts that a value can be meant by.
func texts(v any) []string {
	switch v := v.(type) {
	case nil, Absent:
		return nil
	case Named:
		return v.Names()
	}
	return []string{Format(v)}
}
