//go:build !unix

package daemon

import "os/exec"

// ownGroup does nothing: these programs are of Unix.
func ownGroup(*exec.Cmd) {}
