package wire_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

var (
	peer     = netip.MustParseAddrPort("192.0.2.99:5099")
	peerHost = netip.MustParseAddr("127.0.0.1")
)

// sut is the user agent that the torture messages are sent to.
var sut = wire.Abilities{
	Methods:    []string{"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "MESSAGE"},
	Extensions: []string{"100rel"},
	Bodies:     []string{"application/sdp", "text/plain", "multipart/mixed", "multipart/signed"},
}

// tortureDir finds the folder with the messages, or skips with the reason.
func tortureDir(t testing.TB) string {
	if dir := os.Getenv("SIP_TORTURE"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	for err == nil {
		found := filepath.Join(dir, "shared", "data", "torture")
		if _, err := os.Stat(filepath.Join(found, "rfc4475")); err == nil {
			return found
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	t.Skip("no torture messages: neither $SIP_TORTURE nor shared/data/torture above this folder")
	return ""
}

// expectations reads the table of one folder out of INDEX.md.
func expectations(t *testing.T, dir, folder string) map[string]string {
	data, err := os.ReadFile(filepath.Join(dir, "INDEX.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(data), "\n## "+folder)
	if !ok {
		t.Fatalf("INDEX.md has no section %s", folder)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	want := map[string]string{}
	column := 3
	if !strings.Contains(section, "| section |") {
		column = 2
	}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) < 5 || !strings.Contains(cells[1], ".dat") {
			continue
		}
		want[strings.TrimSpace(cells[1])] = strings.ReplaceAll(strings.TrimSpace(cells[column+1]), "\x00", "|")
	}
	return want
}

// verdict is the guard's and then the user agent's, as INDEX.md words it.
func verdict(r wire.Result) string {
	switch r.Verdict {
	case wire.Refuse:
		return fmt.Sprint(r.Code)
	case wire.Drop, wire.KeepAlive:
		return "drop"
	}
	req := wire.Message{Msg: r.Msg}.Request()
	if req == nil {
		return "accept-response"
	}
	if refusal := wire.Validate(req, sut); refusal != nil {
		return fmt.Sprint(refusal.Code)
	}
	return "accept"
}

// allowed compares with what INDEX.md allows. A method that this user agent does
// not have is accepted with 405.
func allowed(got, want string) bool {
	for _, w := range strings.Split(want, "|") {
		switch {
		case got == w, w == "survive":
			return true
		case w == "accept" && got == "405", w == "accept-first" && (got == "accept" || got == "405"), w == "200" && got == "accept":
			return true
		}
	}
	return false
}

func TestTortureDatagrams(t *testing.T) {
	dir := tortureDir(t)
	for _, folder := range []string{"rfc4475", "rfc5118", "libosip2"} {
		want := expectations(t, dir, folder)
		if len(want) < 12 {
			t.Fatalf("%s: only %d expectations found", folder, len(want))
		}
		for name, expected := range want {
			data, err := os.ReadFile(filepath.Join(dir, folder, name))
			if err != nil {
				t.Fatal(err)
			}
			r := wire.Inspect(data, false, peer)
			if got := verdict(r); !allowed(got, expected) {
				t.Errorf("%s/%s: got %s (%s), want %s", folder, name, got, r.Reason, expected)
			}
			checkAnswer(t, name, r)
		}
	}
}

// checkAnswer: what the guard answers is a message by its own rules, or has the
// fault it complains of; it does not grow.
func checkAnswer(t *testing.T, name string, r wire.Result) {
	if r.Verdict != wire.Refuse {
		return
	}
	if !bytes.HasPrefix(r.Answer, fmt.Appendf(nil, "SIP/2.0 %d ", r.Code)) || !bytes.HasSuffix(r.Answer, []byte("\r\n\r\n")) {
		t.Errorf("%s: answer %q", name, r.Answer)
	}
	if n := bytes.Count(r.Answer, []byte("\n")); n != bytes.Count(r.Answer, []byte("\r\n")) {
		t.Errorf("%s: answer has a bare line end: %q", name, r.Answer)
	}
}

func TestTortureSurvives(t *testing.T) {
	dir := tortureDir(t)
	seen := 0
	for _, pattern := range []string{"*/*.dat", "*/*/*", "sipgo/*", "kamailio/*", "protos-c07/*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				continue // a folder
			}
			seen++
			start := time.Now()
			checkAnswer(t, file, wire.Inspect(data, false, peer))
			checkAnswer(t, file, wire.Inspect(data, true, peer))
			if took := time.Since(start); took > time.Second {
				t.Errorf("%s: took %v", file, took)
			}
		}
	}
	if seen < 300 {
		t.Errorf("only %d files found", seen)
	}
}
