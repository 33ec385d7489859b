package msrp

import "bytes"

// dashes is how many of them an end-line begins with (RFC 4975 section 9).
const dashes = 7

// indexEndLine is where "-------" and the transaction id, which is what endLine is, begin in b; -1 if they do not. Of seven
// octets it looks at one: a run of dashes that is long enough has it.
func indexEndLine(b, endLine []byte) int {
	for i := nextDash(b, dashes-1); i < len(b); {
		end := i + 1
		for end < len(b) && b[end] == '-' {
			end++
		}
		if begin := end - dashes; begin >= 0 && bytes.HasPrefix(b[begin:], endLine) { // the id does not begin with a dash
			return begin
		}
		i = nextDash(b, end+dashes)
	}
	return -1
}

// nextDash is the first of the positions i, i+7, i+14, … that has a dash, or one beyond the end.
func nextDash(b []byte, i int) int {
	for ; i+7*dashes < len(b); i += 8 * dashes {
		w := (*[7*dashes + 1]byte)(b[i:])
		if w[0] == '-' || w[7] == '-' || w[14] == '-' || w[21] == '-' || w[28] == '-' || w[35] == '-' || w[42] == '-' || w[49] == '-' {
			break
		}
	}
	for i < len(b) && b[i] != '-' {
		i += dashes
	}
	return i
}
