package configuration

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// ObjectConfig describes an [Object].
type ObjectConfig struct {
	// Group holds objects of one kind, such as "Accounts"; "" for none.
	Group string
	// ID is the name of the object in its group.
	ID string
	// Dynamic says that there are many objects of this kind, by id: they are
	// created, renamed and deleted. Otherwise there is one, always.
	Dynamic bool
	// CheckID returns the normal form of an id, or an error that says what is
	// expected. It may be nil. For objects with a dynamic id.
	CheckID func(id string) (string, error)
	// Sender is the sender of the notifications; nil means the *Object.
	Sender any
	// BeforeActivation is called once, before CFGSettingsObjectWasActivated is
	// posted: here a new object becomes known to others. It must not call the
	// manager's methods that wait. It may be nil.
	BeforeActivation func()

	moved   map[string]string                        // old path: new path
	correct func(o *Object, cells []cell) *violation // judges settings together; may be nil
}

// violation is a setting that does not fit another one.
type violation struct {
	index    int
	expected string
}

// Object is one group of settings that belong together and are saved together
// (seed: SettingsObject; application.md 4.2): the general settings, an account.
// [NewObject] makes one, [Object.Activate] announces it, [Object.Update] and
// [Object.Save] change it. Its methods may be called from any goroutine.
type Object struct {
	m        *Manager
	group    string
	fixed    bool
	check    func(id string) (string, error)
	sender   any
	before   func()
	correct  func(o *Object, cells []cell) *violation
	specs    []spec // read-only once defined
	defined  bool
	loadErrs []*ValueError // read-only once made

	state atomic.Pointer[objectState] // written with the manager's mu held
}

// objectState is never changed in place.
type objectState struct {
	id        string
	phase     phase
	announced bool
	cells     []cell
	bad       [][]string // what is in the store and was not accepted
}

type phase int

const (
	isNew phase = iota
	isActive
	isDeleted
)

// NewObject makes an object from what is stored, or a new one; define adds its
// settings with [Add]. Stored values that are not accepted are reported by
// [Object.Activate]; the default is used in their place. Nothing is written.
//
// Errors: [ErrNotStarted], *[DuplicateIDError] when such an object was made
// before, *[ValueError] for an id that CheckID refuses and for an object that is
// stored as a text.
func NewObject(m *Manager, cfg ObjectConfig, define func(*Object)) (*Object, error) {
	o := &Object{
		m: m, group: cfg.Group, fixed: !cfg.Dynamic, sender: cfg.Sender,
		check: cfg.CheckID, before: cfg.BeforeActivation, correct: cfg.correct,
	}
	if o.sender == nil {
		o.sender = o
	}
	define(o)
	o.defined = true

	m.mu.Lock()
	defer m.mu.Unlock()
	if m.backend == nil {
		return nil, ErrNotStarted
	}
	id, err := o.loadID(cfg.ID)
	if err != nil {
		return nil, err
	}
	state := &objectState{id: id}
	path := o.pathOf(id)
	if m.objects[key(path)] != nil {
		return nil, &DuplicateIDError{path}
	}
	stored, exists := find(m.tree, path)
	subtree, isGroup := stored.(storage.Tree)
	if exists && !isGroup && stored != nil {
		return nil, o.bad(path, kindOf(stored), "a group of settings")
	}
	if exists || o.fixed {
		state.phase = isActive
	}
	o.move(path, subtree, cfg.moved)
	o.load(state)
	o.state.Store(state)
	m.objects[key(path)] = o
	return o, nil
}

// loadID gives the normal form of the id. A stored object with another form of
// it is renamed.
func (o *Object) loadID(id string) (string, error) {
	normal, err := o.checkID(id)
	if err != nil {
		if wrong, ok := errors.AsType[*ValueError](err); ok {
			wrong.Place = o.place(o.pathOf(id))
		}
		return "", err
	}
	from, to := o.pathOf(id), o.pathOf(normal)
	value, ok := find(o.m.tree, from)
	if _, taken := find(o.m.tree, to); ok && !taken && id != normal {
		o.m.tree = with(without(o.m.tree, from, 0), to, value)
	}
	return normal, nil
}

// checkID returns the normal form of an id. With the manager's lock held or not.
func (o *Object) checkID(id string) (string, error) {
	normal, err := id, error(nil)
	if o.check != nil {
		normal, err = o.check(id)
	}
	if err == nil && normal == "" {
		err = errors.New("a text that is not empty")
	}
	if err != nil {
		return "", &ValueError{Setting: strings.Join(o.pathOf(""), ".") + "id", Found: shown(id, false), Expected: err.Error()}
	}
	return normal, nil
}

// move gives stored settings of old versions their new path.
func (o *Object) move(path []string, subtree storage.Tree, moved map[string]string) {
	for from, to := range moved {
		value, ok := find(subtree, strings.Split(from, "."))
		if _, group := value.(storage.Tree); !ok || group {
			continue
		}
		source, target := slices.Concat(path, strings.Split(from, ".")), slices.Concat(path, strings.Split(to, "."))
		if _, taken := find(o.m.tree, target); !taken {
			o.m.tree = with(o.m.tree, target, value)
		}
		o.m.tree = without(o.m.tree, source, len(path))
	}
}

// load fills the cells from the tree, and notes what is not accepted.
func (o *Object) load(state *objectState) {
	path := o.pathOf(state.id)
	for i := range o.specs {
		s := &o.specs[i]
		c, badPath, found := o.loadOne(path, s)
		if badPath != nil && !slices.ContainsFunc(state.bad, func(p []string) bool { return slices.Equal(p, badPath) }) {
			err := o.bad(badPath, shown(found, s.secret), s.wanted())
			if len(badPath) < len(path)+len(s.path) {
				err.Found, err.Expected = kindOf(found), "a group of settings"
			}
			state.bad = append(state.bad, badPath)
			o.loadErrs = append(o.loadErrs, err)
		}
		state.cells = append(state.cells, c)
	}
	if o.correct == nil {
		return
	}
	if v := o.correct(o, state.cells); v != nil {
		s := &o.specs[v.index]
		here := slices.Concat(path, s.path)
		o.loadErrs = append(o.loadErrs, o.bad(here, shown(state.cells[v.index].stored, s.secret), v.expected))
		state.bad = append(state.bad, here)
		state.cells[v.index] = s.def
	}
}

// loadOne returns the cell of a setting, and the path of what is wrong, if
// something is.
func (o *Object) loadOne(path []string, s *spec) (c cell, badPath []string, found any) {
	here := slices.Concat(path, s.path)
	for depth := len(path) + 1; depth < len(here); depth++ {
		value, ok := find(o.m.tree, here[:depth])
		if _, group := value.(storage.Tree); ok && !group && value != nil {
			return s.def, here[:depth], value
		}
	}
	stored, ok := find(o.m.tree, here)
	if !ok {
		return s.def, nil, nil
	}
	c, err := s.fromStored(stored)
	if err != nil {
		return s.def, here, stored
	}
	return c, nil, nil
}

// bad is the error of what stands at path in the store.
func (o *Object) bad(path []string, found, expected string) *ValueError {
	return &ValueError{Place: o.place(path), Setting: strings.Join(path, "."), Found: found, Expected: expected}
}

// place is where path stands in a file, if it was loaded from one.
func (o *Object) place(path []string) (p storage.Place) {
	if locator, ok := o.m.backend.(storage.Locator); ok {
		p, _ = locator.Locate(path...)
	}
	return p
}

func (o *Object) pathOf(id string) []string {
	if o.group == "" {
		return []string{id}
	}
	return []string{o.group, id}
}

// Path is where the object is stored.
func (o *Object) Path() []string { return o.pathOf(o.ID()) }

// ID is the id, the latest after a renaming.
func (o *Object) ID() string { return o.state.Load().id }

// Active says that the object is stored, or is one of which there always is one,
// and has not been deleted.
func (o *Object) Active() bool { return o.state.Load().phase == isActive }

// Deleted says that the object has been deleted.
func (o *Object) Deleted() bool { return o.state.Load().phase == isDeleted }

func (o *Object) name(s *spec) string { return strings.Join(o.Path(), ".") + "." + s.dotted }

func (o *Object) cell(index int) cell {
	if s := &o.specs[index]; s.blocked != "" {
		return s.def
	}
	return o.state.Load().cells[index]
}

// Value is one setting, by its dotted path, as shown to people and tools.
type Value struct {
	Path    string
	Value   any  // nil for null; a password is a [Secret]
	Default bool // the default counts
}

// Values are all settings in the order of their definition.
func (o *Object) Values() []Value {
	values := make([]Value, len(o.specs))
	for i := range o.specs {
		c := o.cell(i)
		values[i] = Value{Path: o.specs[i].dotted, Value: c.value, Default: !c.explicit}
	}
	return values
}

// String names the object, without its settings.
func (o *Object) String() string { return fmt.Sprintf("settings of %s", strings.Join(o.Path(), ".")) }

// Format writes [Object.String], whatever the verb: what %#v prints of an object
// in use would be neither safe nor secret.
func (o *Object) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.String()) }
