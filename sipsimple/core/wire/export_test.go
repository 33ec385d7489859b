package wire

// CutStream cuts a stream that comes in pieces of some length, up to where it
// cannot be cut any more.
func CutStream(data []byte, piece int) [][]byte {
	var out [][]byte
	var f framer
	for len(data) > 0 {
		n := copy(f.space(), data[:min(piece, len(data))])
		f.filled(n)
		data = data[n:]
		for event := framePing; event != frameNone; {
			var message []byte
			switch message, event = f.next(); event {
			case frameMessage:
				out = append(out, message)
			case frameLost:
				return out
			}
		}
	}
	return out
}
