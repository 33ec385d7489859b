package main

import (
	"os"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/adapter"
	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// asPhone has the test program be the adapter.
const asPhone = "CALLFLOW_EXAMPLE_IS_THE_PHONE"

func TestMain(m *testing.M) {
	if os.Getenv(asPhone) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestPhoneUnderTest: the adapter takes bob's place, and what alice notices of it
// is judged.
func TestPhoneUnderTest(t *testing.T) {
	t.Setenv(asPhone, "yes")
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	cases, problems := scenario.Load(os.DirFS("testdata"), []string{"."}, scenario.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	options := play.Options{World: play.Loopback, Phones: map[string]play.PhoneMaker{
		"bob": {Source: "exec:adapter", New: func() (play.Phone, error) { return adapter.Start(os.Args[0]) }},
	}}
	if len(cases) != 5 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.FullName(), func(t *testing.T) {
			r := play.In(c, options)
			verdict, why := play.Passed, ""
			switch c.ID {
			case "cannot":
				verdict, why = play.Skipped, "cannot add_stream"
			case "wrong":
				verdict, why = play.Failed, "wrong.yaml:10:"
			}
			said := r.Reason
			for _, f := range r.Failures {
				said += f.Pos.String() + " " + f.String() + strings.Join(f.Details, "\n")
			}
			if r.Verdict != verdict || !strings.Contains(said, why) || r.LeftOut == 0 && c.ID == "called" {
				t.Errorf("%s, %d left out: %s", r.Verdict, r.LeftOut, said)
			}
		})
	}
}
