package scenario

import (
	"path"
	"strings"
)

// mostSent bounds a file that a script sends.
const mostSent = 1 << 20

// fileToSend reads the file of `send: FILE`, which is named relative to the file
// that says so, and returns its path in the tree. A copy of a scenario of the
// library, wherever it is, finds the files of the original there.
func (c *compiler) fileToSend(n *node) string {
	text := c.text(n, "the name of a file")
	if text == "" {
		return ""
	}
	name := path.Join(path.Dir(c.scope.file.name), text)
	if c.result.Files[name] != nil {
		return name
	}
	if original := strings.TrimPrefix(path.Clean("/"+text), "/"); !c.l.exists(name) && c.l.inLibrary(original) {
		name = original
	}
	if !c.l.exists(name) {
		c.r.at(n, "there is no file %s; it is looked for beside this file", quote(text))
		return ""
	}
	data, err := c.l.octets(name)
	switch {
	case err != nil:
		c.r.at(n, "%s: %v", quote(text), err)
	case len(data) == 0:
		c.r.at(n, "the file %s is empty", quote(text))
	case len(data) > mostSent:
		c.r.at(n, "the file %s is larger than %d octets", quote(text), mostSent)
	}
	if c.result.Files == nil {
		c.result.Files = map[string][]byte{}
	}
	c.result.Files[name] = data
	return name
}
