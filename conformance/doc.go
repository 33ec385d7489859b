// Package conformance is the suite that plays every built-in scenario, one spec
// a case, and the tests that hold for the repository as a whole.
//
// The laboratory itself is below: scenario reads the files, match judges logs,
// play runs a case in virtual time, script is the scripted party, double the
// stand-in for a media stream, hear the ear, report the printer.
//
//	go test ./conformance
//	go test ./conformance -ginkgo.label-filter=fai
package conformance
