package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Options of Load; the zero value is fine.
type Options struct {
	Vars    map[string]string // --var: overrides variables, parameters and knobs
	Seed    *uint64           // instead of the seeds of the files
	Library fs.FS             // where included parts and files to send are looked for last; nil = nowhere else
	Streams []StreamType      // of third parties: the words besides audio, chat, file-transfer and desktop-sharing
	Prefix  string            // put in front of file names in Pos and in problems, such as "scenarios/"
}

// StreamType is a type of stream that is not of the middleware.
type StreamType struct {
	Type          string              // the word in files
	Notifications []notification.Data // a zero value of each that the stream posts, besides those of all streams
}

// Load reads the scenarios that the patterns name and resolves them into
// cases, in order of file name. A pattern is a file, a file without .yaml, a
// folder (with everything below) or a glob; no pattern means everything. The
// IDs of cases are the paths in fsys without .yaml.
//
// All mistakes in all files are found in one pass; when there is one, there
// are no cases. Load never panics and reads nothing outside fsys and
// Options.Library.
func Load(fsys fs.FS, patterns []string, opts Options) ([]*Case, Problems) {
	l := &loader{fsys: fsys, opts: opts, r: newReporter(opts.Prefix), files: map[string]*file{}, catalogue: newCatalogue(opts.Streams),
		reading: map[string]bool{}, overridden: map[string]bool{}}
	var cases []*Case
	for _, name := range l.find(patterns) {
		if f := l.read(name); f != nil {
			cases = append(cases, l.resolve(f)...)
		}
	}
	l.checkOverrides()
	if len(l.r.problems) > 0 {
		return nil, l.r.sorted()
	}
	return cases, nil
}

type loader struct {
	fsys       fs.FS
	opts       Options
	r          *reporter
	files      map[string]*file
	catalogue  *catalogue
	reading    map[string]bool // files that are being read: who includes one of them includes itself
	overridden map[string]bool // names of Options.Vars that some file knows
}

// find lists the files that the patterns mean, each once.
func (l *loader) find(patterns []string) []string {
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	found := map[string]bool{}
	for _, pattern := range patterns {
		names := l.expand(pattern)
		if len(names) == 0 && len(l.r.problems) == 0 {
			l.r.file(pattern, "no scenario there: neither a file, with or without .yaml, nor a folder with .yaml files below")
		}
		for _, name := range names {
			found[name] = true
		}
	}
	return sortedKeys(found)
}

func (l *loader) expand(pattern string) []string {
	clean := path.Clean(strings.TrimPrefix(pattern, "./"))
	if !fs.ValidPath(clean) {
		l.r.file(pattern, "this path leaves the scenarios")
		return nil
	}
	for _, name := range []string{clean, clean + ".yaml", clean + ".yml"} {
		info, err := fs.Stat(l.fsys, name)
		switch {
		case err != nil:
			continue
		case info.IsDir():
			return l.folder(name)
		case !isYAML(name):
			l.r.file(name, "this is no scenario: the name of one ends with .yaml")
			return nil
		}
		return []string{name}
	}
	globbed, _ := fs.Glob(l.fsys, clean)
	var names []string
	for _, name := range globbed {
		names = append(names, l.expand(name)...)
	}
	return names
}

func (l *loader) folder(root string) []string {
	var names []string
	err := fs.WalkDir(l.fsys, root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && name != ".":
			return fs.SkipDir
		case !entry.IsDir() && isYAML(name):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		l.r.file(root, "%v", err)
	}
	return names
}

func isYAML(name string) bool { return path.Ext(name) == ".yaml" || path.Ext(name) == ".yml" }

// read returns a file, parsed and checked at its top level; nil when that
// failed, which is reported once.
func (l *loader) read(name string) *file {
	if f, ok := l.files[name]; ok {
		return f
	}
	l.files[name] = nil
	l.reading[name] = true
	defer delete(l.reading, name)
	data, err := l.octets(name)
	if err != nil {
		l.r.file(name, "%v", err)
		return nil
	}
	root := parseYAML(l.r, name, data)
	if root == nil {
		return nil
	}
	f := l.newFile(name, root)
	l.files[name] = f
	return f
}

// octets reads a file from the tree, else from the library. What is no regular
// file might never end.
func (l *loader) octets(name string) ([]byte, error) {
	info, err := fs.Stat(l.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && l.opts.Library != nil:
		return fs.ReadFile(l.opts.Library, name)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("this is no regular file")
	case info.Size() > mostRead:
		return nil, fmt.Errorf("%d bytes are too many", info.Size())
	}
	return fs.ReadFile(l.fsys, name)
}

// mostRead is more than any file may have; those of one kind have limits of their own.
const mostRead = 16 << 20

// exists tells whether a file is there to be included.
func (l *loader) exists(name string) bool {
	if !fs.ValidPath(name) {
		return false
	}
	if _, err := fs.Stat(l.fsys, name); err == nil {
		return true
	}
	return l.inLibrary(name)
}

func (l *loader) inLibrary(name string) bool {
	if l.opts.Library == nil || !fs.ValidPath(name) {
		return false
	}
	_, err := fs.Stat(l.opts.Library, name)
	return err == nil
}

// checkOverrides reports a --var that no file knows.
func (l *loader) checkOverrides() {
	if len(l.files) == 0 || len(l.r.problems) > 0 {
		return
	}
	var known []string
	for _, f := range l.files {
		if f != nil {
			known = append(known, f.variableNames()...)
		}
	}
	slices.Sort(known)
	for _, name := range sortedKeys(l.opts.Vars) {
		if !l.overridden[name] {
			l.r.add(match.Pos{File: "--var " + name}, 0, "no scenario has a variable "+quote(name)+
				didYouMean(name, slices.Compact(known)))
		}
	}
}
