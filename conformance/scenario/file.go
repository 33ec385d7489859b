package scenario

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// file is one file, parsed, its top level checked.
type file struct {
	name     string
	id       string
	root     *node
	part     string              // name of the part that it defines, "" for a flow
	includes map[string]*file    // parts by name
	played   map[string]bool     // parts that a step runs
	parties  map[string]bool     // parties that something is said about
	reached  map[match.Pos]bool  // steps and items that some case has
	skipped  map[match.Pos]*node // steps and items that an `if` left out: the condition
	included map[string]*node    // where a part is included
}

// knobs are the variables that every call obeys, and their defaults.
var knobs = map[string]string{"transport": "udp", "codec": "PCMU", "srtp": "off", "ice": "off", "ip": "4", "latency": "10ms"}

var knobValues = map[string][]string{
	"transport": {"udp", "tcp", "tls"}, "codec": {"PCMU", "PCMA", "G722", "opus"}, "ip": {"4", "6"},
	"srtp": {"off", "optional", "mandatory"}, "ice": {"off", "on"},
}

var evidence = regexp.MustCompile(`^([GATIMSX]\d+|S?D\d+|rfc\d+(#[0-9A-Za-z.]+)?)$`)

// newFile checks the top level of a file; nil when it is no scenario at all.
func (l *loader) newFile(name string, root *node) *file {
	f := &file{name: name, id: strings.TrimSuffix(name, path.Ext(name)), root: root, includes: map[string]*file{},
		played: map[string]bool{}, parties: map[string]bool{}, reached: map[match.Pos]bool{}, skipped: map[match.Pos]*node{},
		included: map[string]*node{}}
	if !root.isDict() {
		l.r.at(root, "expected a scenario, a map that begins with \"callflow: 1\"; found %s", root.what())
		return nil
	}
	if !l.checkVersion(root) {
		return nil
	}
	for _, p := range root.pairs {
		switch key := p.key.text; {
		case l.r.refused(p.key, "key", key):
		case !slices.Contains(topLevelKeys, key):
			l.r.at(p.key, "unknown key %s%s", quote(key), didYouMean(key, topLevelKeys))
		case p.value.null:
			l.r.at(p.key, "%s has no value", quote(key))
		}
	}
	if part := root.get("part"); part != nil {
		f.part = part.text
	}
	for _, key := range []string{"parties", "steps"} {
		if root.get(key) == nil {
			l.r.at(root, "the key %s is missing", quote(key+":"))
		}
	}
	if root.get("params") != nil && f.part == "" {
		l.r.at(f.key("params"), "params: belong to a part; the constants of a flow are vars:")
	}
	l.checkSpec(root.get("spec"))
	l.checkVariables(f)
	l.include(f)
	return f
}

func (l *loader) checkVersion(root *node) bool {
	first := root.pairs
	if len(first) == 0 || first[0].key.text != "callflow" {
		if version := root.get("callflow"); version == nil {
			l.r.at(root, "the first line of a scenario is \"callflow: 1\"")
			return false
		}
		l.r.at(root, "\"callflow: 1\" must be the first key")
		return true
	}
	if version := first[0].value; version.text != "1" {
		l.r.at(version, "callflow: expected 1, the version of the format; found %s, which this program does not know", version.what())
		return false
	}
	return true
}

func (l *loader) checkSpec(spec *node) {
	if spec == nil {
		return
	}
	if !spec.isList() {
		l.r.at(spec, "spec: expected a list such as [S45, SD24, rfc3261#14.1], found %s", spec.what())
		return
	}
	for _, item := range spec.items {
		if !evidence.MatchString(item.text) {
			l.r.at(item, "%s is neither a row of the API table (S45), a decision (SD24, D3) nor a clause (rfc3261#14.1)", item.what())
		}
	}
}

// variableNames lists the variables that a file knows before the run.
func (f *file) variableNames() []string {
	known := names(knobs)
	for _, key := range []string{"vars", "params", "matrix"} {
		if n := f.root.get(key); n != nil {
			known = append(known, keysOf(n)...)
		}
	}
	if table := f.root.get("cases"); table != nil {
		for _, item := range table.items {
			known = append(known, keysOf(item)...)
		}
	}
	return known
}

// checkVariables reports undefined and unused variables.
func (l *loader) checkVariables(f *file) {
	known := map[string]bool{}
	for _, name := range f.variableNames() {
		known[name] = true
	}
	u := usage{used: map[string]bool{}, lets: lookForLets(f.root)}
	for name, where := range u.lets {
		if known[name] {
			l.r.inside(where, "let $"+name, "$%s has a value before the run already", name)
		}
	}
	u.checkNames(l.r, f.root, known)
	report := func(key *node) {
		_, isKnob := knobs[key.text]
		if key.text != "name" && !isKnob && !u.used[key.text] && variableName.MatchString(key.text) {
			l.r.at(key, "variable %s is never used", quote(key.text))
		}
	}
	for _, section := range []string{"vars", "params", "matrix"} {
		for _, p := range f.pairs(section) {
			l.r.checkVariableName(p.key)
			report(p.key)
		}
	}
	if table := f.root.get("cases"); table != nil && len(table.items) > 0 {
		for _, p := range table.items[0].pairs {
			report(p.key)
		}
	}
}

func (f *file) pairs(section string) []pair {
	if n := f.root.get(section); n != nil {
		return n.pairs
	}
	return nil
}

// key is the node of a top-level key, for messages.
func (f *file) key(name string) *node {
	for _, p := range f.root.pairs {
		if p.key.text == name {
			return p.key
		}
	}
	return f.root
}

// first is the first of these keys that the file has.
func (f *file) first(names ...string) *node {
	for _, name := range names {
		if f.root.get(name) != nil {
			return f.key(name)
		}
	}
	return f.root
}

// include reads the parts of a file: relative to its folder, else to a folder
// above it.
func (l *loader) include(f *file) {
	list := f.root.get("include")
	if list == nil {
		return
	}
	if !list.isList() {
		l.r.at(list, "include: expected a list of files with parts, found %s", list.what())
		return
	}
	for _, item := range list.items {
		name, ok := l.search(path.Dir(f.name), item.text)
		if !item.isScalar() || !ok {
			l.r.at(item, "there is no file %s, neither beside this one nor in a folder above it", item.what())
			continue
		}
		if l.reading[name] {
			l.r.at(item, "%s includes itself", quote(item.text))
			continue
		}
		part := l.read(name)
		switch {
		case part == nil: // which has been reported
		case part.part == "":
			l.r.at(item, "%s defines no part", quote(item.text))
		case f.includes[part.part] != nil:
			l.r.at(item, "the part %s is included already", quote(part.part))
		default:
			f.includes[part.part] = part
			f.included[part.part] = item
		}
	}
}

// search finds a file relative to a folder or to one above it.
func (l *loader) search(folder, name string) (string, bool) {
	for {
		if candidate := path.Join(folder, name); l.exists(candidate) {
			return candidate, true
		}
		if folder == "." || folder == "/" {
			return "", false
		}
		folder = path.Dir(folder)
	}
}

// resolve makes the cases of a file.
func (l *loader) resolve(f *file) []*Case {
	before := len(l.r.problems)
	var cases []*Case
	for _, one := range l.r.expandCases(f, l.opts.Vars) {
		if c := l.resolveCase(f, one); c != nil {
			cases = append(cases, c)
		}
		if len(l.r.problems) > before+maxProblems {
			break
		}
	}
	l.checkReached(f)
	return cases
}

// checkReached reports what no case ever comes to.
func (l *loader) checkReached(f *file) {
	for item, condition := range f.skipped {
		if !f.reached[item] {
			l.r.at(condition, "no case fulfils this condition: what it belongs to is never reached")
		}
	}
	for name, where := range f.included {
		if !f.played[name] {
			l.r.at(where, "the part %s is never run", quote(name))
		}
	}
	parties, steps := f.root.get("parties"), f.root.get("steps")
	if parties == nil || f.part != "" || steps == nil || !steps.isList() {
		return // without steps nobody can be used, which has been said
	}
	for _, key := range partyNodes(parties) {
		if !f.parties[key.text] {
			l.r.at(key, "party %s is never used", quote(key.text))
		}
	}
}

// partyNodes are the names of a list or map of parties.
func partyNodes(parties *node) []*node {
	if parties.isList() {
		return parties.items
	}
	var keys []*node
	for _, p := range parties.pairs {
		keys = append(keys, p.key)
	}
	return keys
}
