package play_test

import (
	"fmt"
	"testing/fstest"
	"time"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// A call that is refused, played and judged.
func ExamplePlay() {
	files := fstest.MapFS{"busy.yaml": {Data: []byte(`callflow: 1
name: bob is busy
parties: [alice, bob]
steps:
  - alice: {call: bob}
  - bob: {reject: 486}
  - expect:
      alice: [..., SIPSessionDidFail: {code: 486}]
      bob: [..., SIPSessionDidFail]
`)}}
	cases, problems := scenario.Load(files, nil, scenario.Options{})
	if len(problems) > 0 {
		fmt.Println(problems)
		return
	}
	for _, c := range cases {
		result := play.Play(c)
		fmt.Println(c.FullName(), result.Verdict, result.Virtual.Round(time.Millisecond))
	}
	// Output:
	// busy ok 40.03s
}
