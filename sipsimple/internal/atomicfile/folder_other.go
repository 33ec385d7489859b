//go:build !unix

package atomicfile

// syncFolder does nothing: folders cannot be synced here.
func syncFolder(string) error { return nil }
