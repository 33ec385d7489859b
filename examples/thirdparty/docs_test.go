package thirdparty_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocs: every block of code in docs/streams.md is in a file of this folder, and so is compiled or played. Blocks of
// commands and of output are marked sh and text.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/streams.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.*")
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, string(text))
	}
	blocks := 0
	parts := strings.Split(string(page), "\n```")
	for i := 1; i < len(parts); i += 2 {
		language, block, _ := strings.Cut(parts[i], "\n")
		switch language {
		case "sh", "text":
		case "go", "yaml":
			blocks++
			if !found(sources, block) {
				t.Errorf("no file has this block:\n%s", block)
			}
		default:
			t.Errorf("a block of language %q", language)
		}
	}
	if blocks < 8 {
		t.Errorf("only %d blocks of code", blocks)
	}
}

func found(sources []string, block string) bool {
	for _, source := range sources {
		if strings.Contains(source, strings.TrimSpace(block)) {
			return true
		}
	}
	return false
}
