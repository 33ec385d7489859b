//go:build unix

package daemon

import (
	"os/exec"
	"syscall"
)

// ownGroup makes a command the first of a group of processes, which can be
// killed as one.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
