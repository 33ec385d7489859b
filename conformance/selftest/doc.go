// Package selftest judges the judges: it makes small mistakes in scenarios that
// pass (a step less, two expectations swapped, another value of a field, a
// fault less) and expects each of them to be noticed.
package selftest
