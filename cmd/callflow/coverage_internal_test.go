package main

import (
	"maps"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/rows"
)

// TestVerdictOfRows: what a row's verdict is, by that of its scenarios and of
// its Go test, which may not have been run.
func TestVerdictOfRows(t *testing.T) {
	one := rows.Test{Row: "A2", Package: "sipsimple", Func: "TestDefaultIsOne"}
	for _, c := range []struct{ scenarios, test, want string }{
		{"none", "", "test"}, {"pass", "", "pass"}, {"fail", "", "fail"},
		{"none", "pass", "pass"}, {"none", "fail", "fail"}, {"none", "none", "none"},
		{"pass", "fail", "fail"}, {"fail", "pass", "fail"}, {"pass", "none", "pass"},
	} {
		ran := map[rows.Test]string{}
		if c.test != "" {
			ran[one] = c.test
		}
		if got := withTest(c.scenarios, ran, one); got != c.want {
			t.Errorf("scenarios %s, test %q: %s, want %s", c.scenarios, c.test, got, c.want)
		}
	}
}

// TestGoTestOutput: the lines of go test -json.
func TestGoTestOutput(t *testing.T) {
	tests, packages := testActions([]byte(`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"{}"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p"}
not JSON
{"Action":"fail","Package":"q"}`))
	if want := map[string]string{"p.TestA": "pass", "p.TestB": "skip"}; !maps.Equal(tests, want) {
		t.Errorf("tests: %v, want %v", tests, want)
	}
	if want := map[string]string{"p": "pass", "q": "fail"}; !maps.Equal(packages, want) {
		t.Errorf("packages: %v, want %v", packages, want)
	}
}
