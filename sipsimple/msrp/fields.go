package msrp

import "bytes"

// names are the headers that a [Head] has a place for.
var names = [...]struct {
	name string
	set  func(*Head, []byte) bool // false: the value is malformed
}{
	{"To-Path", func(h *Head, v []byte) bool { h.ToPath = v; return len(v) > 0 }},
	{"From-Path", func(h *Head, v []byte) bool { h.FromPath = v; return len(v) > 0 }},
	{"Message-ID", func(h *Head, v []byte) bool { h.MessageID = v; return isIdent(v) }},
	{"Byte-Range", (*Head).setRange},
	{"Success-Report", (*Head).setSuccess},
	{"Failure-Report", (*Head).setFailure},
	{"Status", (*Head).setStatus},
	{"Content-Type", func(h *Head, v []byte) bool { h.ContentType = v; return len(v) > 0 }},
}

// addLine takes one header line of the buffer.
func (h *Head) addLine(buf []byte, begin, end int) {
	line := buf[begin:end]
	colon := bytes.IndexByte(line, ':')
	switch {
	case len(h.fields) >= maxFields:
		h.problem("too many headers")
		return
	case colon <= 0 || !isToken(line[:colon]):
		h.problem("header without a name")
		return
	case bytes.IndexByte(line, 0) >= 0 || bytes.IndexByte(line, '\r') >= 0:
		h.problem("control character in a header")
		return
	}
	h.fields = append(h.fields, field{begin: begin, colon: begin + colon, end: end})
}

// finish reads all header lines; the buffer no longer moves.
func (h *Head) finish(buf []byte, startEnd int) {
	h.parseStart(buf[:startEnd])
	for i := range h.fields {
		f := &h.fields[i]
		f.name, f.value = buf[f.begin:f.colon], bytes.TrimSpace(buf[f.colon+1:f.end])
		h.set(f.name, f.value)
	}
	switch {
	case h.FromPath == nil:
		h.problem("no From-Path")
	case h.ToPath == nil:
		h.problem("no To-Path")
	}
}

func (h *Head) set(name, value []byte) {
	for i := range names {
		if !equalFold(name, names[i].name) {
			continue
		}
		if h.seen&(1<<i) != 0 {
			h.problem("two " + names[i].name)
			return
		}
		h.seen |= 1 << i
		if !names[i].set(h, value) {
			h.problem("bad " + names[i].name)
		}
		return
	}
}

// setRange reads range-start "-" range-end "/" total; a range beyond an int64 is malformed.
func (h *Head) setRange(value []byte) bool {
	start, rest, ok1 := bytes.Cut(value, []byte("-"))
	end, total, ok2 := bytes.Cut(rest, []byte("/"))
	if !ok1 || !ok2 {
		return false
	}
	r := ByteRange{End: Unknown, Total: Unknown}
	var ok bool
	if r.Start, ok = number(start); !ok || r.Start < 1 {
		return false
	}
	if !star(end) {
		if r.End, ok = number(end); !ok || r.End < r.Start-1 {
			return false
		}
	}
	if !star(total) {
		if r.Total, ok = number(total); !ok || r.End > r.Total || r.Start-1 > r.Total {
			return false
		}
	}
	h.Range, h.HasRange = r, true
	return true
}

func star(b []byte) bool { return len(b) == 1 && b[0] == '*' }

func (h *Head) setSuccess(value []byte) bool {
	h.SuccessReport = string(value) == "yes"
	return h.SuccessReport || string(value) == "no"
}

func (h *Head) setFailure(value []byte) bool {
	for _, f := range [...]FailureReport{FailureYes, FailureNo, FailurePartial} {
		if string(value) == f.String() {
			h.FailureReport = f
			return true
		}
	}
	return false
}

// setStatus reads namespace SP status-code [SP text].
func (h *Head) setStatus(value []byte) bool {
	space, rest, ok1 := bytes.Cut(value, []byte(" "))
	code, text, _ := bytes.Cut(rest, []byte(" "))
	n, ok2 := number(space)
	c, ok3 := number(code)
	if !ok1 || !ok2 || !ok3 || len(space) != 3 || len(code) != 3 || c < 100 {
		return false
	}
	h.Status, h.HasStatus = Status{int(n), int(c), text}, true
	return true
}
