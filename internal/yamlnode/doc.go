// Package yamlnode reads YAML into nodes that know their line and column, and
// writes plain YAML from them. It is the only package of the module that
// imports a YAML library, so that changing the library is one file.
//
//	root, err := yamlnode.Parse(data)   // nil, nil for an empty file
//	text := yamlnode.Format(root)
//
// Parse judges only what is YAML; which of its features a file may use (tags,
// anchors) is the caller's decision: see [Node.Tag], [Node.Anchor] and
// [Alias]. Error texts never contain text of the file, which may be secret.
package yamlnode
