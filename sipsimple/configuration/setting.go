package configuration

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// Setting is one typed setting of an [Object]. It may be read from any
// goroutine, without waiting for anything; it is changed with [Object.Update].
type Setting[T any] struct {
	o     *Object
	index int
	clone func(T) T
}

// Get is the value: what was stored or assigned, or the default.
func (s Setting[T]) Get() T { return cloned(s.o.cell(s.index).value.(T), s.clone) }

// Set assigns a value. If the setting does not accept it, the update as a whole
// fails.
func (s Setting[T]) Set(d *Draft, value T) { d.assign(s.o, s.index, value) }

// Reset takes the value away: the default counts again.
func (s Setting[T]) Reset(d *Draft) { d.reset(s.o, s.index) }

// Path is the dotted path in the object, such as sip.udp_port.
func (s Setting[T]) Path() string { return s.o.specs[s.index].dotted }

// Nillable is a [Setting] that may also be null.
type Nillable[T any] struct{ Setting[T] }

// Get is the value; ok is false when it is null.
func (s Nillable[T]) Get() (value T, ok bool) {
	value, ok = s.o.cell(s.index).value.(T)
	if !ok {
		return value, false
	}
	return cloned(value, s.clone), true
}

// Or is the value, or other when it is null.
func (s Nillable[T]) Or(other T) T {
	if value, ok := s.Get(); ok {
		return value
	}
	return other
}

// SetNull assigns null.
func (s Nillable[T]) SetNull(d *Draft) { d.assign(s.o, s.index, nil) }

func cloned[T any](value T, clone func(T) T) T {
	if clone == nil {
		return value
	}
	return clone(value)
}

// Add defines a setting: its dotted path, its type and its default. It may only
// be called by the define function of [NewObject]; it panics on a mistake of the
// programmer, such as a default that the type does not accept.
func Add[T any](o *Object, path string, typ Type[T], def T) Setting[T] {
	return Setting[T]{o, o.define(path, erased(typ), def, false), typ.Clone}
}

// AddNillable is [Add] for a setting that may be null. Without a default it is
// null by default.
func AddNillable[T any](o *Object, path string, typ Type[T], def ...T) Nillable[T] {
	var value any
	if len(def) > 0 {
		value = def[0]
	}
	return Nillable[T]{Setting[T]{o, o.define(path, erased(typ), value, true), typ.Clone}}
}

// spec is a setting without its Go type.
type spec struct {
	path     []string
	dotted   string
	nillable bool
	secret   bool
	expected string
	parse    func(stored any) (any, error)
	format   func(value any) any
	def      cell
	blocked  string // why nothing can be assigned; "" if it can
}

// cell is the value of a setting.
type cell struct {
	explicit bool // stored or assigned, not the default
	stored   any  // as in the tree
	value    any  // as T, nil for null
}

func (c cell) equal(other cell) bool { return reflect.DeepEqual(c.stored, other.stored) }

func erased[T any](typ Type[T]) spec {
	return spec{
		expected: typ.Expected,
		secret:   typ.Secret,
		parse:    func(stored any) (any, error) { return typ.Parse(stored) },
		format:   func(value any) any { return typ.Format(value.(T)) },
	}
}

// define adds a setting and returns its index.
func (o *Object) define(path string, s spec, def any, nillable bool) int {
	s.dotted, s.path, s.nillable = path, strings.Split(path, "."), nillable
	if o.defined {
		panic("configuration: setting " + path + " is defined after the object was made")
	}
	for _, other := range o.specs {
		if other.dotted == path || strings.HasPrefix(other.dotted, path+".") || strings.HasPrefix(path, other.dotted+".") {
			panic("configuration: setting " + path + " is defined beside " + other.dotted)
		}
	}
	var err error
	if s.def, err = s.fromValue(def); err != nil {
		panic("configuration: the default of " + path + " is not " + s.expected)
	}
	s.def.explicit = false
	o.specs = append(o.specs, s)
	return len(o.specs) - 1
}

// fromValue makes a cell of a value that is assigned.
func (s *spec) fromValue(value any) (cell, error) {
	if value == nil {
		return s.fromStored(nil)
	}
	return s.fromStored(s.format(value))
}

// fromStored makes a cell of a value in the store.
func (s *spec) fromStored(stored any) (cell, error) {
	if stored == nil {
		if !s.nillable {
			return cell{}, errValue
		}
		return cell{explicit: true}, nil
	}
	if _, group := stored.(storage.Tree); group {
		return cell{}, errValue
	}
	value, err := s.parse(stored)
	if err != nil {
		return cell{}, err
	}
	return cell{explicit: true, stored: s.format(value), value: value}, nil
}

// wanted is what an error says is expected.
func (s *spec) wanted() string {
	if s.nillable {
		return s.expected + ", or null"
	}
	return s.expected
}

// Draft collects the assignments of one [Object.Update].
type Draft struct {
	o        *Object
	assigned map[int]cell
	id       string
	errs     []error
}

// Format writes how many settings are assigned, not their values.
func (d Draft) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "Draft(%d settings)", len(d.assigned))
}

func (d *Draft) assign(o *Object, index int, value any) {
	if d.foreign(o) {
		return
	}
	s := &o.specs[index]
	c, err := s.fromValue(value)
	var stored any
	if value != nil {
		stored = s.format(value)
	}
	d.put(index, c, err, stored)
}

func (d *Draft) put(index int, c cell, err error, found any) {
	s := &d.o.specs[index]
	expected := s.wanted()
	if s.blocked != "" {
		err, expected = errValue, s.blocked
	}
	if err != nil {
		d.errs = append(d.errs, &ValueError{Setting: d.o.name(s), Found: shown(found, s.secret), Expected: expected})
		return
	}
	d.assigned[index] = c
}

func (d *Draft) reset(o *Object, index int) {
	if !d.foreign(o) {
		d.assigned[index] = o.specs[index].def
	}
}

func (d *Draft) foreign(o *Object) bool {
	if d.o != o {
		d.errs = append(d.errs, errors.New("a setting of another object was assigned"))
	}
	return d.o != o
}

// SetText assigns a value by its dotted path, as it would stand in the store: a
// text, a list of texts, nil or [Default]{}. It is for tools; code uses
// [Setting.Set].
func (d *Draft) SetText(path string, stored any) {
	for i := range d.o.specs {
		s := &d.o.specs[i]
		if s.dotted != path {
			continue
		}
		if _, ok := stored.(Default); ok {
			d.reset(d.o, i)
			return
		}
		c, err := s.fromStored(stored)
		d.put(i, c, err, stored)
		return
	}
	d.errs = append(d.errs, fmt.Errorf("%s has no setting %s", strings.Join(d.o.Path(), "."), path))
}

// CheckText is the error of a [Draft.SetText], nil if the value would be taken. It
// is for tools, and changes nothing.
func (o *Object) CheckText(path string, stored any) error {
	d := &Draft{o: o, assigned: map[int]cell{}}
	d.SetText(path, stored)
	return errors.Join(d.errs...)
}

// SetID renames the object, which needs a dynamic id.
func (d *Draft) SetID(id string) {
	if d.o.fixed {
		d.errs = append(d.errs, ErrFixedID)
		return
	}
	id, err := d.o.checkID(id)
	if err != nil {
		d.errs = append(d.errs, err)
		return
	}
	d.id = id
}
