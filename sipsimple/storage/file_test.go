//go:build unix

package storage_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/internal/atomicfile"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// folder is a new storage folder with that configuration.
func folder(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func config(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "config"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFileAsWritten(t *testing.T) {
	dir := t.TempDir()
	st := storage.NewFile(dir)
	defer st.Close()
	err := st.ConfigurationBackend().Save(storage.Tree{
		"SIPSimpleSettings": storage.Tree{
			"rtp": storage.Tree{"audio_codec_list": []string{"G722", "PCMU"}, "port_range": "50000-50500"},
			"sip": storage.Tree{"invite_timeout": nil, "transport_list": []string{}},
		},
		"Accounts": storage.Tree{"alice@example.org": storage.Tree{
			"auth":    storage.Tree{"password": "s3:cret"},
			"enabled": "true", "display_name": "Alice ☎",
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `Accounts:
    alice@example.org:
        display_name: "Alice ☎"
        enabled: true
        auth:
            password: "s3:cret"
SIPSimpleSettings:
    rtp:
        audio_codec_list: [G722, PCMU]
        port_range: 50000-50500
    sip:
        invite_timeout: null
        transport_list: []
`
	if got := config(t, dir); got != want {
		t.Errorf("written is\n%s\nwant\n%s", got, want)
	}
}

func TestOrderCommentsAndUnknownSettingsStay(t *testing.T) {
	dir := folder(t, `# mine
SIPSimpleSettings:
  zzz: 1   # the last, first
  sip:
    # ports
    udp_port: 5060
    tcp_port: 5061
Other: {application: [x]}
`)
	st := storage.NewFile(dir)
	defer st.Close()
	tree, err := st.ConfigurationBackend().Load()
	if err != nil {
		t.Fatal(err)
	}
	sip := tree["SIPSimpleSettings"].(storage.Tree)["sip"].(storage.Tree)
	sip["udp_port"], sip["new"] = "5070", "x"
	delete(sip, "tcp_port")
	if err := st.ConfigurationBackend().Save(tree); err != nil {
		t.Fatal(err)
	}
	const want = `# mine
SIPSimpleSettings:
    zzz: 1 # the last, first
    sip:
        # ports
        udp_port: 5070
        new: x
Other:
    application: [x]
`
	if got := config(t, dir); got != want {
		t.Errorf("written is\n%s\nwant\n%s", got, want)
	}
}

func TestBrokenFileIsNamedAndKept(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a:\n  b: [x\n", ":2: b: found a list that is not closed; expected \"]\""},
		{"a:\n  password: x: y\n", ":2: password: found a \":\" that does not fit; expected quotes around a text with \": \" in it, and names of one group below each other"},
		{"a:\n  b: 1\n   c: 2\n", ":3: c: found a \":\" that does not fit; expected quotes"},
		{"a:\n  b: 1\n c: 2\n", ":3: c: found a line that does not fit"},
		{"a:\n\tb: 1\n", ":2: b: found a tab; expected spaces"},
		{"a:\n  b: @x\n", ":2: b: found a character that begins no value"},
		{"a:\n  b: \"x\n", ": found the end of the file inside quotes"},
		{"a: 1\nb: 2\na: 3\n", ":3:1: a: found the same name again; expected it once; the first is in line 1"},
		{"a:\n  b:\n    - [x]\n", ":3:7: a.b: found a list in a list; expected a text"},
		{"a:\n  b:\n    -\n", ":3:6: a.b: found nothing in a list; expected a text"},
		{"a:\n  b: &x 1\n", ":2:6: a.b: found a YAML anchor (&); expected a plain value"},
		{"a:\n  b: !x 1\n", ":2:6: a.b: found a YAML tag (!); expected a plain value"},
		{"a:\n  password: *hunter2\n", ": found a YAML alias (*); expected quotes around"},
		{"a: 1\n---\nb: 1\n", ": found a second document (---); expected one"},
		{"hunter2\n", ":1:1: found a text; expected settings"},
		{"- hunter2\n", ":1:1: found a list; expected settings"},
		{"{[x]: 1}\n", ":1:2: found a list as the name of a setting; expected a word"},
		{"a: \"\\q\"\n", ":1: a: found a backslash in double quotes that means nothing"},
		{"a: \xff\n", "found octets that are not UTF-8; expected text in UTF-8"},
		{"a: \x00\n", "found a control character; expected text"},
		{strings.Repeat(" ", 16<<20) + "a", ": found 16777217 octets; expected 16777216 at most"},
		{strings.Repeat("{a: ", 40) + strings.Repeat("}", 40), "found one more group in a group; expected 32 levels at most"},
	} {
		dir := folder(t, c.text)
		st := storage.NewFile(dir)
		_, err := st.ConfigurationBackend().Load()
		var parse *storage.ParseError
		if !errors.As(err, &parse) || !strings.HasPrefix(err.Error(), filepath.Join(dir, "config")) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q gives\n%v, want\n%s", c.text, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error quotes the file: %v", c.text, err)
		}
		if err := st.ConfigurationBackend().Save(storage.Tree{"x": "y"}); !errors.As(err, &parse) {
			t.Errorf("%.60q: saving over it gives %v", c.text, err)
		}
		if got := config(t, dir); got != c.text {
			t.Errorf("%.60q was overwritten with %q", c.text, got)
		}
		repaired := folder(t, "a: 1\n")
		if err := os.Rename(filepath.Join(repaired, "config"), filepath.Join(dir, "config")); err != nil {
			t.Fatal(err)
		}
		_ = st.Close()
		if tree, err := storage.NewFile(dir).ConfigurationBackend().Load(); err != nil || tree["a"] != "1" {
			t.Errorf("%.60q: after the repair: %v", c.text, err)
		}
	}
}

func TestLocate(t *testing.T) {
	dir := folder(t, "a:\n  b: 1\n  c:\n  d: [x]\n")
	st := storage.NewFile(dir)
	defer st.Close()
	if _, err := st.ConfigurationBackend().Load(); err != nil {
		t.Fatal(err)
	}
	locator := st.ConfigurationBackend().(storage.Locator)
	for path, want := range map[string]string{"a": "1:1", "a/b": "2:6", "a/c": "3:3", "a/d": "4:6", "x": "", "a/b/c": ""} {
		place, ok := locator.Locate(strings.Split(path, "/")...)
		got := ""
		if ok {
			got = fmt.Sprintf("%d:%d", place.Line, place.Column)
		}
		if got != want || ok && place.File != filepath.Join(dir, "config") {
			t.Errorf("%s is at %q of %q, want %q", path, got, place.File, want)
		}
	}
}

func TestFullDisk(t *testing.T) {
	dir := folder(t, "a: 1\n")
	st := storage.NewFile(dir)
	defer st.Close()
	backend := st.ConfigurationBackend()
	if _, err := backend.Load(); err != nil {
		t.Fatal(err)
	}
	st.SetBefore(func(s atomicfile.Step) error {
		if s == atomicfile.Write {
			return syscall.ENOSPC
		}
		return nil
	})
	err := backend.Save(storage.Tree{"a": "2"})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left on device") || !strings.Contains(err.Error(), dir) {
		t.Errorf("the error is %v", err)
	}
	if got := config(t, dir); got != "a: 1\n" {
		t.Errorf("the file holds %q", got)
	}
	st.SetBefore(nil)
	if err := backend.Save(storage.Tree{"a": "3"}); err != nil || config(t, dir) != "a: 3\n" {
		t.Errorf("with space again: %v", err)
	}
}

func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), "new")
	st := storage.NewFile(dir)
	defer st.Close()
	if err := st.ConfigurationBackend().Save(storage.Tree{"a": "1"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{".": 0o700, "config": 0o600, "lock": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
}

func TestConfigurationOthersCanReadIsWarnedOf(t *testing.T) {
	dir := folder(t, "password: hunter2\n")
	path := filepath.Join(dir, "config")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	st := storage.NewFile(dir)
	st.Logger = slog.New(slog.NewTextHandler(&log, nil))
	defer st.Close()
	tree, err := st.ConfigurationBackend().Load()
	if err != nil || !strings.Contains(log.String(), "chmod 600 "+path) || strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log says %s (%v)", log.String(), err)
	}
	if err := st.ConfigurationBackend().Save(tree); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("after Save it has mode %v", info.Mode())
	}
}
