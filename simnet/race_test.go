//go:build race

package simnet_test

func init() { sameTraceRuns = 30 } // the race detector takes ten times as long
