// Package cputime measures processor time, which is comparable on a busy machine
// where the time of a clock is not.
package cputime

import (
	"syscall"
	"testing"
	"time"
)

// Used is the processor time of the process so far.
func Used() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Report has a benchmark tell the milliseconds of processor time of an operation, from now until the function that
// it returns is called.
func Report(b *testing.B) func() {
	before := Used()
	return func() { b.ReportMetric(float64(Used()-before)/1e6/float64(b.N), "cpu-ms/op") }
}
