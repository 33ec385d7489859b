package streamtest_test

import (
	"fmt"

	"github.com/go-sipsimple/callflow/conformance/streamtest"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// The first clauses, checked on the audio stream of the middleware. In a test
// [streamtest.Run] does all of them.
func ExampleClause_Check() {
	fixture := streamtest.Fixture{
		Register:   streams.RegisterAudio,
		Acceptable: "m=audio 4000 RTP/AVP 0\na=rtpmap:0 PCMU/8000",
	}
	for _, clause := range streamtest.Clauses()[:3] {
		result := clause.Check(fixture)
		fmt.Println(clause.Number, result.Outcome)
	}
	// Output:
	// 1 kept
	// 2 kept
	// 3 kept
}
