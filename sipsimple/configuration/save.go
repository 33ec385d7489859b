package configuration

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// Activate announces an object that is stored or has a fixed id: one
// CFGManagerLoadFailed for each stored value that is not accepted, then
// CFGSettingsObjectWasActivated. It waits until observers have heard it, or ctx
// ends. A new object is announced by its first [Object.Update] or [Object.Save]
// instead; a second call does nothing.
func (o *Object) Activate(ctx context.Context) error {
	o.m.mu.Lock()
	state := *o.state.Load()
	if state.phase != isActive || state.announced {
		o.m.mu.Unlock()
		return nil
	}
	state.announced = true
	o.state.Store(&state)
	o.m.mu.Unlock()

	for _, err := range o.loadErrs {
		attribute, container := splitLast(err.Setting)
		o.m.center.Post(o.m, CFGManagerLoadFailed{Attribute: attribute, Container: container, Error: err})
		o.m.log.Warn("a setting is not accepted; its default is used", "error", err)
	}
	if o.before != nil {
		o.before()
	}
	return o.m.center.PostWait(ctx, o.sender, CFGSettingsObjectWasActivated{})
}

// splitLast splits the full name of a setting into its last part, which has no
// dots in it, and what that is in.
func splitLast(full string) (last, container string) {
	i := strings.LastIndexByte(full, '.')
	return full[i+1:], full[:max(i, 0)]
}

// Update assigns settings and saves the object (application.md 4.3). change
// assigns with [Setting.Set] and the like; if a value is not accepted, nothing
// is changed and the errors are returned (*[ValueError], *[DuplicateIDError],
// [ErrFixedID], what change returned). On return the settings have their new
// values; CFGSettingsObjectDidChange, then the saving, follow in the background,
// in the order of updates. A failure to save is the notification
// CFGManagerSaveFailed. Update never waits: an observer may call it.
//
// An object that is new is created: CFGSettingsObjectWasActivated and
// CFGSettingsObjectWasCreated. If nothing is different, nothing happens; the same
// goes for a deleted object. change may be nil.
func (o *Object) Update(change func(*Draft) error) error {
	_, err := o.update(change)
	return err
}

// Save is [Object.Update] and waits until the object is saved, or ctx has ended:
// it returns the error of the backend, too. An observer must not call it.
func (o *Object) Save(ctx context.Context, change func(*Draft) error) error {
	done, err := o.update(change)
	if err != nil || done == nil {
		return err
	}
	return await(ctx, done)
}

// update commits a change and queues its consequences. done is nil if there are
// none.
func (o *Object) update(change func(*Draft) error) (done <-chan error, err error) {
	d := &Draft{o: o, assigned: map[int]cell{}}
	if change != nil {
		if err := change(d); err != nil {
			return nil, err
		}
	}
	if len(d.errs) > 0 {
		return nil, errors.Join(d.errs...)
	}
	o.m.mu.Lock()
	defer o.m.mu.Unlock()
	return o.commitLocked(d)
}

func (o *Object) commitLocked(d *Draft) (<-chan error, error) {
	old := o.state.Load()
	if old.phase == isDeleted {
		return nil, nil
	}
	state := *old
	state.cells = slices.Clone(old.cells)
	for i, c := range d.assigned {
		state.cells[i] = c
	}
	if o.correct != nil {
		if v := o.correct(o, state.cells); v != nil {
			return nil, &ValueError{Setting: o.name(&o.specs[v.index]), Found: shown(state.cells[v.index].stored, false), Expected: v.expected}
		}
	}
	modified := o.difference(old, &state)
	if d.id != "" && d.id != old.id {
		if err := o.m.renameLocked(o, old.id, d.id); err != nil {
			return nil, err
		}
		state.id = d.id
		modified[IDPath] = Change{old.id, d.id}
	}
	created := old.phase == isNew
	if !created && len(modified) == 0 {
		return nil, nil
	}
	o.m.tree = o.written(&state, old)
	state.phase, state.bad = isActive, nil
	state.announced = state.announced || created
	o.state.Store(&state)
	if created {
		return o.m.queueLocked(change{object: o, operation: OperationSave, before: o.before, posts: []notification.Data{
			CFGSettingsObjectWasActivated{}, CFGSettingsObjectWasCreated{}}}), nil
	}
	return o.m.queueLocked(change{object: o, operation: OperationSave, modified: modified, posts: []notification.Data{
		CFGSettingsObjectDidChange{Modified: modified}}}), nil
}

// difference compares the cells of two states.
func (o *Object) difference(old, state *objectState) Modified {
	modified := Modified{}
	for i := range o.specs {
		was, is := old.cells[i], state.cells[i]
		if was.explicit != is.explicit || !was.equal(is) {
			modified[o.specs[i].dotted] = Change{was.value, is.value}
		}
	}
	return modified
}

// written is the tree with the settings of the object as in state: explicit ones
// stand there, others do not, and what was not accepted is gone.
func (o *Object) written(state, old *objectState) storage.Tree {
	path := o.pathOf(state.id)
	tree, keep := o.m.tree, 0
	if !o.fixed {
		keep = len(path)
		if group, _ := find(tree, path); group == nil {
			tree = with(tree, path, storage.Tree{})
		}
	}
	for _, bad := range old.bad {
		tree = without(tree, slices.Concat(path, bad[len(path):]), keep)
	}
	for i := range o.specs {
		here, c := slices.Concat(path, o.specs[i].path), state.cells[i]
		switch was := old.cells[i]; {
		case !c.explicit && was.explicit:
			tree = without(tree, here, keep)
		case c.explicit && (!was.explicit || !was.equal(c) || old.phase == isNew):
			tree = with(tree, here, c.stored)
		}
	}
	return tree
}

// Delete removes the object: CFGSettingsObjectWasDeleted, then the saving, in
// the background. Deleting it again does nothing, and so does everything else
// afterwards. An object that was never saved vanishes without notification.
// Error: [ErrFixedID].
func (o *Object) Delete() error {
	if o.fixed {
		return ErrFixedID
	}
	o.m.mu.Lock()
	defer o.m.mu.Unlock()
	state := *o.state.Load()
	if state.phase == isDeleted {
		return nil
	}
	stored := state.phase == isActive
	state.phase = isDeleted
	o.state.Store(&state)
	path := o.pathOf(state.id)
	delete(o.m.objects, key(path))
	if stored {
		o.m.tree = without(o.m.tree, path, 0)
		o.m.queueLocked(change{object: o, operation: OperationDelete, posts: []notification.Data{CFGSettingsObjectWasDeleted{}}})
	}
	return nil
}

// renameLocked moves an object to another id.
func (m *Manager) renameLocked(o *Object, from, to string) error {
	source, target := o.pathOf(from), o.pathOf(to)
	if _, stored := find(m.tree, target); stored || m.objects[key(target)] != nil {
		return &DuplicateIDError{target}
	}
	if value, ok := find(m.tree, source); ok {
		m.tree = with(without(m.tree, source, 0), target, value)
	}
	delete(m.objects, key(source))
	m.objects[key(target)] = o
	return nil
}

// change is what the worker does about one change of an object.
type change struct {
	object    *Object
	operation Operation
	modified  Modified
	before    func() // may be nil
	posts     []notification.Data
}

// queueLocked lets the worker announce a change and save the tree of this
// moment. The result is sent to the channel, which nobody need read.
func (m *Manager) queueLocked(c change) <-chan error {
	backend, tree := m.backend, m.tree
	done := make(chan error, 1)
	m.worker.Post(func() { done <- m.carryOut(c, backend, tree) })
	return done
}

func (m *Manager) carryOut(c change, backend storage.ConfigurationBackend, tree storage.Tree) error {
	if c.before != nil {
		c.before()
	}
	for _, data := range c.posts {
		// Observers hear of the change before it is written (application.md 1.5).
		_ = m.center.PostWait(context.Background(), c.object.sender, data)
	}
	err := backend.Save(tree)
	if err != nil {
		m.log.Error("the configuration could not be saved", "error", err)
		m.center.Post(m, CFGManagerSaveFailed{Object: c.object.sender, Operation: c.operation, Modified: c.modified, Exception: err})
	}
	return err
}
