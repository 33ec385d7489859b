package storage

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"unicode/utf8"
)

// Tree is a group of settings by name. A value is a Tree, a text (string), a
// list of texts ([]string) or null (nil); there is nothing else.
//
// Texts may be passwords: printing or logging a tree shows its size only.
type Tree map[string]any

// Format writes how many entries the tree has, whatever the verb.
func (t Tree) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.summary()) }

// LogValue is what log/slog shows.
func (t Tree) LogValue() slog.Value { return slog.StringValue(t.summary()) }

func (t Tree) summary() string { return fmt.Sprintf("Tree(%d entries)", len(t)) }

// Clone is a copy that shares nothing with t; nil gives an empty tree.
func (t Tree) Clone() Tree {
	clone := make(Tree, len(t))
	for name, value := range t {
		switch v := value.(type) {
		case Tree:
			clone[name] = v.Clone()
		case []string:
			clone[name] = slices.Clone(v)
		default:
			clone[name] = v
		}
	}
	return clone
}

// names are the names in the order in which they are written: plain settings,
// then groups, each sorted.
func (t Tree) names() []string {
	names := make([]string, 0, len(t))
	for name := range t {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		_, groupA := t[a].(Tree)
		_, groupB := t[b].(Tree)
		switch {
		case groupA && !groupB:
			return 1
		case groupB && !groupA:
			return -1
		case a < b:
			return -1
		}
		return 1
	})
	return names
}

// Check returns a *[BuildError] if t holds something that is none of the four
// kinds, or a text that is not UTF-8.
func (t Tree) Check() error { return t.check(nil) }

func (t Tree) check(path []string) error {
	for _, name := range t.names() {
		here := append(slices.Clone(path), name)
		if !utf8.ValidString(name) {
			return &BuildError{Setting: dotted(path), Problem: "has a name below it that is not UTF-8 text"}
		}
		switch v := t[name].(type) {
		case nil:
		case Tree:
			if len(here) > maxDepth {
				return &BuildError{Setting: dotted(here), Problem: fmt.Sprintf("is nested more than %d levels deep", maxDepth)}
			}
			if err := v.check(here); err != nil {
				return err
			}
		case string:
			if !utf8.ValidString(v) {
				return &BuildError{Setting: dotted(here), Problem: "is not UTF-8 text"}
			}
		case []string:
			if !slices.ContainsFunc(v, func(s string) bool { return !utf8.ValidString(s) }) {
				continue
			}
			return &BuildError{Setting: dotted(here), Problem: "is not UTF-8 text"}
		default:
			return &BuildError{Setting: dotted(here), Problem: fmt.Sprintf("is a %T; a setting is a text, a list of texts, null or a group", v)}
		}
	}
	return nil
}
