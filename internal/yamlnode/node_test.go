package yamlnode_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/internal/yamlnode"
)

func TestParseKnowsPlacesAndQuotes(t *testing.T) {
	root, err := yamlnode.Parse([]byte("a: \"5\"\nb:\n  - x\n  - ~\nc: {d: !!str 7, e: &z 8, f: *z}\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, list, inner := root.Pairs[0], root.Pairs[1].Value, root.Pairs[2].Value
	if a.Key.Line != 1 || a.Value.Column != 4 || !a.Value.Quoted || a.Value.Text != "5" {
		t.Errorf("a is %+v", a.Value)
	}
	if list.Kind != yamlnode.List || list.Items[0].Text != "x" || list.Items[0].Line != 3 || !list.Items[1].IsNull() {
		t.Errorf("b is %+v", list)
	}
	if inner.Pairs[0].Value.Tag != "!!str" || inner.Pairs[1].Value.Anchor != "z" || inner.Pairs[2].Value.Kind != yamlnode.Alias {
		t.Errorf("c is %+v %+v %+v", inner.Pairs[0].Value, inner.Pairs[1].Value, inner.Pairs[2].Value)
	}
}

func TestParseErrors(t *testing.T) {
	if root, err := yamlnode.Parse([]byte("# nothing\n")); root != nil || err != nil {
		t.Errorf("a comment alone gives %v, %v", root, err)
	}
	var syntax *yamlnode.SyntaxError
	for _, text := range []string{"a: [1\n", "a: b: c\n", "\t- x", "a: \"\\q\"", "\xff"} {
		if _, err := yamlnode.Parse([]byte(text)); !errors.As(err, &syntax) {
			t.Errorf("%q gives %v, want a syntax error", text, err)
		}
	}
	var second *yamlnode.SecondDocumentError
	if _, err := yamlnode.Parse([]byte("a: 1\n---\nb: 2\n")); !errors.As(err, &second) || second.Line < 2 {
		t.Errorf("two documents give %v", err)
	}
	if _, err := yamlnode.Parse([]byte("password: *hunter2\n")); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an unknown alias gives %v, which must not quote the file", err)
	}
}

func TestFormat(t *testing.T) {
	const text = `# settings

# who
Accounts:
    alice@example.org: # me
        auth:
            password: "s3:cret"
        enabled: true
        list: [udp, "a,b", ""]
        none: null
        nothing: {}
        text: ""
# end
`
	root, err := yamlnode.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(yamlnode.Format(root)); got != text {
		t.Fatalf("written is\n%s\nwant\n%s", got, text)
	}
}

func TestEveryTextComesBack(t *testing.T) {
	texts := []string{"", "null", "~", " a", "a ", "a: b", "a #b", "- a", "on", "\x00\x1f\u0085\u2028\ufeff\U0001F600", "'", `"\`, "\r\n\t", "1e3", "=", "!x", "*x", "%a", "@a", "`", "0x10", "<<", strings.Repeat("long ", 99)}
	root := &yamlnode.Node{Kind: yamlnode.Map}
	for _, text := range texts {
		key := &yamlnode.Node{Text: text, Quoted: true}
		root.Pairs = append(root.Pairs, yamlnode.Pair{Key: key, Value: &yamlnode.Node{Text: text, Quoted: true}})
	}
	back, err := yamlnode.Parse(yamlnode.Format(root))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range back.Pairs {
		if p.Key.Text != texts[i] || p.Value.Text != texts[i] || p.Value.IsNull() {
			t.Errorf("%q came back as %q: %q", texts[i], p.Key.Text, p.Value.Text)
		}
	}
}

// bare is a node without places, quotes and comments: what Format must keep.
func bare(n *yamlnode.Node) any {
	switch n.Kind {
	case yamlnode.Map:
		var all []any
		for _, p := range n.Pairs {
			all = append(all, p.Key.Text, bare(p.Value))
		}
		return []any{"map", all}
	case yamlnode.List:
		var all []any
		for _, item := range n.Items {
			all = append(all, bare(item))
		}
		return []any{"list", all}
	}
	if n.IsNull() {
		return nil
	}
	return n.Text
}

// simple says that Format promises to keep n.
func simple(n *yamlnode.Node, inList bool) bool {
	if n.Kind == yamlnode.Alias || n.Tag != "" || n.Anchor != "" || inList && n.Kind != yamlnode.Scalar {
		return false
	}
	for _, item := range n.Items {
		if !simple(item, true) {
			return false
		}
	}
	for _, p := range n.Pairs {
		if p.Key.Kind != yamlnode.Scalar || p.Key.Text == "<<" || !simple(p.Key, true) || !simple(p.Value, false) {
			return false
		}
	}
	return true
}

func FuzzFormat(f *testing.F) {
	for _, seed := range []string{"a: 1 # b\n# c\nd:\n  # e\n  f: [x, y] # g\n", "# only", "- a\n- b", "a: |\n  x\n  y\n", "? a\n: b", "{a: {b: c}}", "a:\n# x\n  b: 1\n\n# y\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := yamlnode.Parse(data)
		if err != nil || root == nil || !simple(root, false) {
			return
		}
		text := yamlnode.Format(root)
		back, err := yamlnode.Parse(text)
		if err != nil || back == nil {
			t.Fatalf("%q was written as %q, which cannot be read: %v", data, text, err)
		}
		if want, got := bare(root), bare(back); !reflect.DeepEqual(want, got) {
			t.Fatalf("%q was written as %q\nread %v, want %v", data, text, got, want)
		}
	})
}
