package natdetect

// Read takes a response to a request with the transaction id 1, 2, 3 … apart.
func Read(data []byte) bool {
	_, ok := read(data, [12]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	return ok
}
