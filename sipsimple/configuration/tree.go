package configuration

import (
	"maps"

	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// The tree of a [Manager] is never changed in place: these functions return a
// new one that shares what is the same. So a save can write the tree of its
// moment while the next change is made.

// find returns what is at path.
func find(tree storage.Tree, path []string) (value any, ok bool) {
	value = tree
	for _, name := range path {
		group, isGroup := value.(storage.Tree)
		if !isGroup {
			return nil, false
		}
		if value, ok = group[name]; !ok {
			return nil, false
		}
	}
	return value, true
}

// with is tree with value at path. What is in the way (a text where a group is
// needed) gives way.
func with(tree storage.Tree, path []string, value any) storage.Tree {
	changed := maps.Clone(tree)
	if changed == nil {
		changed = storage.Tree{}
	}
	if len(path) == 1 {
		changed[path[0]] = value
		return changed
	}
	below, _ := changed[path[0]].(storage.Tree)
	changed[path[0]] = with(below, path[1:], value)
	return changed
}

// without is tree without what is at path, and without the groups that this
// emptied, up to keep levels from the root.
func without(tree storage.Tree, path []string, keep int) storage.Tree {
	if _, ok := find(tree, path); !ok {
		return tree
	}
	changed := maps.Clone(tree)
	if len(path) == 1 {
		delete(changed, path[0])
		return changed
	}
	below := without(changed[path[0]].(storage.Tree), path[1:], keep-1)
	if len(below) == 0 && keep < 1 {
		delete(changed, path[0])
	} else {
		changed[path[0]] = below
	}
	return changed
}

// clone is a copy of any value of a tree.
func clone(value any) any {
	return storage.Tree{"": value}.Clone()[""]
}
