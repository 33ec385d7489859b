// Package streamtest is the contract of [streams.MediaStream] as a test suite: the rules that sessions rely on, one
// numbered clause each. Authors of streams run it in their tests:
//
//	func TestContract(t *testing.T) {
//		streamtest.Run(t, streamtest.Fixture{
//			Register:   thirdparty.Register,
//			Acceptable: "m=text 4000 RTP/AVP 98\na=rtpmap:98 t140/1000",
//		})
//	}
//
// Every clause is a subtest in virtual time, on a network of its own. The kit plays the session; the peer, where a clause
// needs one, is a second stream of the same factory. A failure names its clause, what was done, what came and what the
// contract says. A clause that does not apply, such as those about hold for a stream without, is a skipped subtest with
// the reason, never a passed one.
//
// With Ginkgo, see package streamspec below this one. [Check] is for everybody else: it needs no testing.T.
package streamtest
