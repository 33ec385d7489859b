package scenario

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestWordsAreDocumented: the reference for authors has every word of the
// language, and every notification of a session with its fields.
func TestWordsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/scenario-language.md")
	if err != nil {
		t.Fatal(err)
	}
	_, reference, _ := strings.Cut(string(text), "\n## Reference\n")
	written := map[string]bool{}
	for _, code := range regexp.MustCompile("`[^`\n]+`").FindAllString(reference, -1) {
		for _, word := range regexp.MustCompile(`[\w.-]+`).FindAllString(code, -1) {
			written[word] = true
		}
	}
	need := func(what, word string) {
		if !written[word] {
			t.Errorf("docs/scenario-language.md does not have the %s %s", what, word)
		}
	}
	for name, call := range calls {
		need("call", name)
		for _, p := range call.params {
			need("parameter of "+name, p)
		}
	}
	for name, verb := range scripts {
		need("verb of scripts", name)
		for _, p := range verb.params {
			need("parameter of "+name, p)
		}
	}
	for _, list := range [][]string{names(smallKeys), names(otherVerbs), names(extraAbout), names(networkVerbs), names(networkAbout),
		names(watchWords), messageFields, partyKeys} {
		for _, word := range list {
			need("word", word)
		}
	}
	session := newCatalogue(nil).session()
	for _, n := range Notifications() {
		if row := "| `" + n.Name + "` | " + fieldList(n.Fields); Watched(session, n.Name) && !strings.Contains(reference, row) {
			t.Errorf("docs/scenario-language.md does not have the row %s", row)
		}
	}
}

func fieldList(fields []FieldWord) string {
	if len(fields) == 0 {
		return "– |"
	}
	var list []string
	for _, f := range fields {
		list = append(list, "`"+f.Name+"`")
	}
	return strings.Join(list, ", ") + " |"
}
