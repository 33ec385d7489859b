package scenario

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// Storage is where an application keeps its configuration.
type Storage struct {
	Kind       string        // memory, file
	Load, Save *StorageFault // nil = works
}

// StorageFault is what loading or saving does in place of working.
type StorageFault struct {
	Fail  string // the error
	Times int    // how often, 0 = always
}

var (
	storageKinds = []string{"memory", "file"}
	storageKeys  = []string{"kind", "load", "save"}
)

// storage reads memory, file, or a map such as {load: {fail: disk, times: 1}}.
func (c *compiler) storage(n *node) *Storage {
	s := &Storage{Kind: "memory"}
	if n.isScalar() {
		s.Kind = c.word(n, storageKinds)
		return s
	}
	pairs := c.dict(n, "memory, file, or a map such as {load: {fail: disk, times: 1}}")
	c.knownKeys(pairs, "key of storage", storageKeys)
	for _, p := range pairs {
		switch p.key.text {
		case "kind":
			s.Kind = c.word(p.value, storageKinds)
		case "load":
			s.Load = c.storageFault(p.value)
		case "save":
			s.Save = c.storageFault(p.value)
		}
	}
	return s
}

func (c *compiler) storageFault(n *node) *StorageFault {
	f := &StorageFault{}
	pairs := c.dict(n, "a map such as {fail: disk, times: 1}")
	c.knownKeys(pairs, "key of a fault of storage", []string{"fail", "times"})
	for _, p := range pairs {
		switch p.key.text {
		case "fail":
			f.Fail = c.text(p.value, "the error, in words")
		case "times":
			f.Times = c.number(p.value)
		}
	}
	if f.Fail == "" {
		c.r.at(n, "a fault of storage says how it fails: {fail: disk}")
	}
	return f
}

// changes reads the argument of set: settings by their dotted paths, null as
// such.
func (c *compiler) changes(n *node) map[string]any {
	changes := map[string]any{}
	known := slices.Concat(settingKeys, accountKeys)
	pairs := c.dict(n, "a map of dotted paths and values such as {sip.udp_port: 5070}")
	c.knownKeys(pairs, "setting", known)
	for _, p := range pairs {
		switch {
		case p.value.null || p.value.isScalar() && p.value.text == "null":
			changes[p.key.text] = nil
		case p.value.isList():
			changes[p.key.text] = c.texts(p.value, "a list of words")
		default:
			changes[p.key.text] = c.text(p.value, "a value")
		}
	}
	return changes
}

// generalObject and accountObject are settings objects that values are tried on.
var generalObject, accountObject = settingsObjects()

// GeneralSettings and AccountSettings are the paths of all settings that an
// application with a storage has.
var GeneralSettings, AccountSettings = pathsOf(generalObject), pathsOf(accountObject)

func settingsObjects() (general, account *configuration.Object) {
	m := configuration.NewManager(notification.NewCenter(nil), nil)
	if err := m.Start(storage.NewMemory()); err != nil {
		panic(err) // nothing is stored
	}
	g, err := configuration.NewGeneral(m, nil)
	if err != nil {
		panic(err)
	}
	a, err := configuration.NewAccount(m, "alice@example.org", configuration.AccountConfig{})
	if err != nil {
		panic(err)
	}
	return g.Object, a.Object
}

func pathsOf(o *configuration.Object) []string {
	var paths []string
	for _, v := range o.Values() {
		paths = append(paths, v.Path)
	}
	return paths
}

// StoredSetting is a value of a file as it stands in a storage.
func StoredSetting(path, text string) any {
	switch {
	case text == "null":
		return nil
	case strings.HasSuffix(path, "_list"):
		return strings.Split(text, ",")
	}
	return text
}

// checkSetting reports a value that the configuration would put its default in the
// place of. Some values of files are not those of the configuration: a relay is a
// party, and a time may have a unit.
func (c *compiler) checkSetting(object *configuration.Object, path string, n *node, text string) {
	if path == "nat_traversal.msrp_relay" || !slices.Contains(pathsOf(object), path) {
		return
	}
	if _, err := parseTime(text); err == nil && strings.HasSuffix(path, "timeout") {
		return
	}
	err := object.CheckText(path, StoredSetting(path, text))
	if wrong, ok := errors.AsType[*configuration.ValueError](err); ok {
		c.r.at(n, "%s: found %s; expected %s", path, wrong.Found, wrong.Expected)
	}
}

// withSettings adds the settings of the configuration to those that are told
// about in words.
func withSettings(words keywords, paths []string) keywords {
	all := maps.Clone(words)
	for _, path := range paths {
		if _, ok := all[path]; !ok {
			all[path] = "the setting " + strings.ReplaceAll(path, "_", " ")
		}
	}
	return all
}
