package msrp_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

func chunk(id string, start int64, data string, total int64, flag msrp.Continuation) *msrp.Chunk {
	r := msrp.ByteRange{Start: start, End: start + int64(len(data)) - 1, Total: total}
	return &msrp.Chunk{MessageID: id, ContentType: "text/plain", Range: r, Data: []byte(data), Flag: flag}
}

// TestAssembler: any order, any overlap, each message once.
func TestAssembler(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "message")
		size := len(want)
		cuts := rapid.SliceOfN(rapid.IntRange(0, size), 0, 6).Draw(t, "cuts")
		chunks := []*msrp.Chunk{}
		for i := 0; i+1 < len(cuts); i += 2 {
			from, to := min(cuts[i], cuts[i+1]), max(cuts[i], cuts[i+1])
			chunks = append(chunks, chunk("id", int64(from+1), string(want[from:to]), int64(size), msrp.More))
		}
		middle := rapid.IntRange(0, size).Draw(t, "middle")
		chunks = append(chunks, chunk("id", 1, string(want[:middle]), msrp.Unknown, msrp.More),
			chunk("id", int64(middle+1), string(want[middle:]), int64(size), msrp.Complete))
		chunks = rapid.Permutation(chunks).Draw(t, "order")
		chunks = append(chunks, chunks...) // everything twice
		var a msrp.Assembler
		got := 0
		for _, c := range chunks {
			m, code := a.Add(c)
			if code != 200 {
				t.Fatalf("code %d", code)
			}
			if m != nil {
				got++
				if !bytes.Equal(m.Data, want) || m.MessageID != "id" || m.ContentType != "text/plain" {
					t.Fatalf("message %v", m)
				}
			}
		}
		if got != 1 {
			t.Fatalf("%d messages", got)
		}
	})
}

func TestAssemblerLimits(t *testing.T) {
	a := msrp.Assembler{MaxSize: 10}
	for _, c := range []struct {
		chunk *msrp.Chunk
		code  int
	}{
		{chunk("a", 1, "0123456789", msrp.Unknown, msrp.More), 200},
		{chunk("a", 11, "x", msrp.Unknown, msrp.Complete), 413},
		{chunk("b", 1, "x", 1<<60, msrp.More), 413},
		{chunk("c", 1<<40, "x", msrp.Unknown, msrp.More), 413},
		{chunk("d", 1, "0123456789x", 11, msrp.Complete), 413},
		{chunk("e", 1, "x", msrp.Unknown, msrp.More), 200},
		{chunk("e", 2, "y", msrp.Unknown, msrp.Aborted), 200},
	} {
		if m, code := a.Add(c.chunk); m != nil || code != c.code {
			t.Errorf("%s %v: %v, %d", c.chunk.MessageID, c.chunk.Range, m, code)
		}
	}
	refused := 0
	for i := range 100 {
		if _, code := a.Add(chunk(string(rune('A'+i)), 1, "0123456789", msrp.Unknown, msrp.More)); code == 413 {
			refused++
		}
	}
	if refused != 96 { // four times ten octets are held
		t.Errorf("%d refused", refused)
	}
}

func TestOverlap(t *testing.T) {
	var a msrp.Assembler
	_, _ = a.Add(chunk("id", 1, "abcdEF", 8, msrp.More))
	m, _ := a.Add(chunk("id", 3, "CDEFGH", 8, msrp.Complete))
	if m == nil || string(m.Data) != "abCDEFGH" {
		t.Errorf("%v", m)
	}
}
