package msrp_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// frames writes down what a framer finds.
type frames struct {
	log  strings.Builder
	body []byte
}

func (f *frames) Head(h *msrp.Head) error {
	fmt.Fprintf(&f.log, "%s %s %d %q to=%s from=%s id=%s %v %v %v status=%v type=%s body=%v problem=%q",
		h.TransactionID, h.Method, h.Code, h.Comment, h.ToPath, h.FromPath, h.MessageID, h.Range, h.SuccessReport,
		h.FailureReport, h.Status, h.ContentType, h.HasBody, h.Problem)
	for name, value := range h.Fields {
		fmt.Fprintf(&f.log, " %s=%s", name, value)
	}
	return nil
}

func (f *frames) Body(b []byte) error { f.body = append(f.body, b...); return nil }

func (f *frames) End(flag msrp.Continuation) error {
	fmt.Fprintf(&f.log, " %q %c\n", f.body, flag)
	f.body = f.body[:0]
	return nil
}

// frame feeds data in pieces of the sizes, over and over, and returns what came of it.
func frame(data []byte, sizes ...int) string {
	var framer msrp.Framer
	var found frames
	var err error
	for i := 0; len(data) > 0 && err == nil; i++ {
		n := min(len(data), max(1, sizes[i%len(sizes)]))
		err = framer.Feed(data[:n], &found)
		data = data[n:]
	}
	return fmt.Sprint(found.log.String(), err != nil, framer.Idle(), framer.InBody())
}

const send = "MSRP a786hjs2 SEND\r\nTo-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n" +
	"From-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\nMessage-ID: 87652491\r\nByte-Range: 1-23/23\r\n" +
	"Content-Type: text/plain\r\n\r\nHey Bob, are you there?\r\n-------a786hjs2$\r\n"

func TestFramer(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"send", send, `a786hjs2 SEND 0 "" to=msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp`},
		{"body", send, `"Hey Bob, are you there?" $`},
		{"response", "MSRP abcd 200 OK\r\nTo-Path: a\r\nFrom-Path: b\r\n-------abcd$\r\n", `abcd  200 "OK"`},
		{"no comment", "MSRP abcd 200\r\nTo-Path: a\r\nFrom-Path: b\r\n-------abcd$\r\n", `abcd  200 ""`},
		{"report", "MSRP abcd REPORT\r\nTo-Path: a\r\nFrom-Path: b\r\nStatus: 000 413 x y\r\n-------abcd$\r\n", `status={0 413 [120 32 121]}`},
		{"near misses", strings.Replace(send, "Hey", "\r\n-------a786hjs2!\r\n-------a786hjs2$x\r\r\n-------a786hjs", 1),
			`"\r\n-------a786hjs2!\r\n-------a786hjs2$x\r\r\n-------a786hjs Bob`},
		{"empty body", "MSRP abcd SEND\r\nTo-Path: a\r\nFrom-Path: b\r\n\r\n\r\n-------abcd+\r\n", `body=true problem="" To-Path=a From-Path=b "" +`},
		{"no CRLF", "MSRP abcd SEND\r\nTo-Path: a\r\nFrom-Path: b\r\n\r\n-------abcd#\r\n", `"" #`},
		{"two colons", "MSRP abcd SEND\r\nTo-Path: a\r\nFrom-Path: b\r\nx: y:z\r\n-------abcd$\r\n", `x=y:z`},
		{"no path", "MSRP abcd SEND\r\nFrom-Path: b\r\n-------abcd$\r\n", `problem="no To-Path"`},
		{"range", strings.Replace(send, "1-23/23", "5-*/*", 1), `87652491 5-*/* false`},
		{"bad range", strings.Replace(send, "1-23/23", "1-9223372036854775808/*", 1), `problem="bad Byte-Range"`},
		{"two", strings.Replace(send, "Byte-Range: 1-23/23", "message-id: abcd", 1), `problem="two Message-ID"`},
		{"many headers", strings.Replace(send, "Byte-Range: 1-23/23", strings.Repeat("X: y\r\n", 70)+"X: y", 1), `problem="too many headers"`},
	} {
		if got := frame([]byte(c.data), len(c.data)); !strings.Contains(got, c.want) || !strings.HasSuffix(got, "\nfalse true false") {
			t.Errorf("%s:\n%s\nlacks %s", c.name, got, c.want)
		}
	}
}

func TestNotMSRP(t *testing.T) {
	for _, data := range []string{
		"GET / HTTP/1.1\r\n", "MSRP abc SEND\r\n", "MSRP abcd SEND\n", "MSRP a$cd SEND\r\n", "\r\n", "MSRP abcd 2OO OK\r\n",
		"MSRP abcd 1000 OK\r\n", "MSRP abcd SEND" + strings.Repeat("x", 17<<10), "MSRP abcd \r\n",
		"MSRP abcd SEND\r\n" + strings.Repeat("X: "+strings.Repeat("y", 8000)+"\r\n", 20),
	} {
		var framer msrp.Framer
		err := framer.Feed([]byte(data), &frames{})
		if !errors.Is(err, msrp.ErrNotMSRP) || !errors.Is(framer.Feed([]byte(send), &frames{}), msrp.ErrNotMSRP) {
			t.Errorf("%.40q: %v", data, err)
		}
	}
}

func FuzzFramer(f *testing.F) {
	f.Add([]byte(send), 3, 5)
	f.Add([]byte("MSRP abcd 200 OK\r\nTo-Path: a\r\nFrom-Path: b\r\n-------abcd$\r\n"), 1, 1)
	f.Add([]byte("MSRP abcd SEND\r\nTo-Path: a\r\nFrom-Path: b\r\n\r\n\r\n-------abc\r\n-------abcd+\r\nMSRP"), 7, 1)
	files, _ := filepath.Glob("../../../shared/data/torture/msrp/*.msrp")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			f.Add(data, 11, 2)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, a, b int) {
		whole := frame(data, max(1, len(data)))
		for _, sizes := range [][]int{{1}, {a & 63, b & 63}} {
			if got := frame(data, sizes...); got != whole {
				t.Errorf("split by %v:\n%s\nwhole:\n%s", sizes, got, whole)
			}
		}
	})
}

// TestAnySplit: whatever is written is found again, however it was split.
func TestAnySplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var wire []byte
		var want strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "messages") {
			tid := rapid.StringMatching(`[a-z]{4,8}`).Draw(t, "tid")
			body := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
				"x", "\r", "\n", "\r\n", "-", "-------", tid, "\r\n-------" + tid, "$", "+", "MSRP ",
			}), 0, 12).Draw(t, "body"), ""))
			if endLineIn(body, tid) {
				continue
			}
			flag := rapid.SampledFrom([]msrp.Continuation{msrp.Complete, msrp.More, msrp.Aborted}).Draw(t, "flag")
			m := msrp.Message{TransactionID: tid, Method: "SEND", ToPath: "a", FromPath: "b", Body: body, Flag: flag}
			wire = m.Append(wire)
			fmt.Fprintf(&want, " %q %c\n", body, flag)
		}
		sizes := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 10).Draw(t, "sizes")
		got := frame(wire, sizes...)
		for _, line := range strings.SplitAfter(want.String(), "\n") {
			if !strings.Contains(got, line) {
				t.Fatalf("%q is missing in\n%s", line, got)
			}
		}
		if len(wire) > 0 && got != frame(wire, len(wire)) {
			t.Fatalf("split by %v:\n%s\nwhole:\n%s", sizes, got, frame(wire, len(wire)))
		}
	})
}

func endLineIn(body []byte, tid string) bool {
	whole := append(append([]byte("\r\n"), body...), "\r\n-------"+tid+"$\r\n"...)
	for _, flag := range "$+#" {
		if i := bytes.Index(whole, []byte(fmt.Sprintf("\r\n-------%s%c\r\n", tid, flag))); i >= 0 && i < len(body)+2 {
			return true
		}
	}
	return false
}

// TestFramerAllocations: nothing is allocated in steady state.
func TestFramerAllocations(t *testing.T) {
	var framer msrp.Framer
	count := &counter{}
	data := []byte(send)
	if n := testing.AllocsPerRun(1000, func() {
		if err := framer.Feed(data[:100], count); err != nil {
			t.Fatal(err)
		}
		if err := framer.Feed(data[100:], count); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a chunk", n)
	}
}

type counter struct{ octets int }

func (*counter) Head(*msrp.Head) error       { return nil }
func (c *counter) Body(b []byte) error       { c.octets += len(b); return nil }
func (*counter) End(msrp.Continuation) error { return nil }

func BenchmarkFramer(b *testing.B) {
	for name, size := range map[string]int{"text": 23, "64KiB": 64 << 10} {
		body := bytes.Repeat([]byte("Hey Bob, are you there?"), size/23+1)[:size]
		m := msrp.Message{
			TransactionID: "a786hjs2", Method: "SEND", ToPath: "msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp",
			FromPath: "msrp://atlanta.example.com:7654/jshA7weztas;tcp", Body: body,
			Fields: []msrp.Field{{Name: "Message-ID", Value: "87652491"}, {Name: "Content-Type", Value: "text/plain"}},
		}
		data := m.Append(nil)
		b.Run(name, func(b *testing.B) {
			var framer msrp.Framer
			count := &counter{}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := framer.Feed(data, count); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
