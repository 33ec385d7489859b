package play

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// folder is a temporary one for what a party records. It is made when it is
// needed, and removed at the end of the run.
type folder struct {
	mu   sync.Mutex
	name string
}

// path is the full name of a file in the folder.
func (f *folder) path(name string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.name == "" {
		made, err := os.MkdirTemp("", "callflow-")
		if err != nil {
			return "", err
		}
		f.name = made
	}
	return filepath.Join(f.name, filepath.FromSlash(name)), nil
}

// without is a text without the name of the folder, which is another in every run.
func (f *folder) without(text string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.name == "" {
		return text
	}
	return strings.ReplaceAll(text, f.name+string(filepath.Separator), "")
}

func (f *folder) remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.name != "" {
		_ = os.RemoveAll(f.name)
	}
}
