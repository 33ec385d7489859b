package storage

import "github.com/go-sipsimple/callflow/internal/yamlnode"

// build makes the nodes of a file from tree. What stood in the file before
// (old, may be nil) gives the order of what is still there, and the comments;
// what is new follows in the order of [Tree.names].
func build(tree Tree, old *yamlnode.Node) *yamlnode.Node {
	n := &yamlnode.Node{Kind: yamlnode.Map}
	copyComments(n, old)
	done := make(map[string]bool, len(tree))
	if old != nil && old.Kind == yamlnode.Map {
		for _, p := range old.Pairs {
			name := p.Key.Text
			if value, ok := tree[name]; ok && !done[name] {
				done[name] = true
				n.Pairs = append(n.Pairs, yamlnode.Pair{Key: keyNode(name, p.Key), Value: valueNode(value, p.Value)})
			}
		}
	}
	for _, name := range tree.names() {
		if !done[name] {
			n.Pairs = append(n.Pairs, yamlnode.Pair{Key: keyNode(name, nil), Value: valueNode(tree[name], nil)})
		}
	}
	return n
}

func keyNode(name string, old *yamlnode.Node) *yamlnode.Node {
	n := &yamlnode.Node{Text: name, Quoted: true}
	copyComments(n, old)
	return n
}

func valueNode(value any, old *yamlnode.Node) *yamlnode.Node {
	switch v := value.(type) {
	case Tree:
		return build(v, old)
	case []string:
		n := &yamlnode.Node{Kind: yamlnode.List}
		for _, item := range v {
			n.Items = append(n.Items, &yamlnode.Node{Text: item, Quoted: true})
		}
		copyComments(n, old)
		return n
	case string:
		n := &yamlnode.Node{Text: v, Quoted: true}
		copyComments(n, old)
		return n
	}
	n := &yamlnode.Node{}
	copyComments(n, old)
	return n
}

func copyComments(n, old *yamlnode.Node) {
	if old != nil {
		n.Head, n.Tail, n.Foot = old.Head, old.Tail, old.Foot
	}
}

// locate finds the node at path; for a setting the one of its value, unless that
// is nothing, which has no place of its own.
func locate(root *yamlnode.Node, path []string) *yamlnode.Node {
	n, key := root, root
	for _, name := range path {
		if n == nil || n.Kind != yamlnode.Map {
			return nil
		}
		var found bool
		for _, p := range n.Pairs {
			if p.Key.Text == name {
				n, key, found = p.Value, p.Key, true
				break
			}
		}
		if !found {
			return nil
		}
	}
	if n != nil && (n.Kind == yamlnode.Map || n.Line == 0 || n.IsNull()) {
		return key
	}
	return n
}
