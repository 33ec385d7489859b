package conformance_test

import "testing"

// A call, ten holds and releases, an end. Target: 6 ms a case.
const holdCall = `callflow: 1
name: ten holds and releases
streams: {a: {type: audio, double: true}}
parties: [alice, bob]
settle: 1s
steps:
  - alice: {call: bob, streams: [a]}
  - bob: {accept: [a]}
  - expect:
      alice, bob: [..., SIPSessionDidStart]
  - times: 10
    repeat:
      - alice: hold
      - expect:
          alice, bob: [SIPSessionDidProcessTransaction, SIPSessionDidChangeHoldState: {on_hold: true}]
      - alice: unhold
      - expect:
          alice, bob: [SIPSessionDidProcessTransaction, SIPSessionDidChangeHoldState: {on_hold: false}]
  - alice: end
  - expect:
      alice, bob: [..., SIPSessionDidEnd]
`

// A call, ten streams proposed, accepted and removed, an end. Target: 8 ms a case.
const proposalCall = `callflow: 1
name: ten proposals
streams: {a: {type: audio, double: true}, c: {type: chat, double: true}}
parties: [alice, bob]
settle: 1s
steps:
  - alice: {call: bob, streams: [a]}
  - bob: {accept: [a]}
  - expect:
      alice, bob: [..., SIPSessionDidStart]
  - times: 10
    repeat:
      - alice: {add_stream: c}
      - bob: accept_proposal
      - expect:
          alice, bob:
            - SIPSessionGotProposal
            - SIPSessionDidProcessTransaction
            - SIPSessionGotAcceptProposal
            - SIPSessionDidRenegotiateStreams: {action: add, streams: [c]}
      - alice: {remove_stream: c}
      - expect:
          alice, bob: [SIPSessionDidProcessTransaction, SIPSessionDidRenegotiateStreams: {action: remove, streams: [c]}]
  - alice: end
  - expect:
      alice, bob: [..., SIPSessionDidEnd]
`

// The time of one round trip is a tenth of that of a case, less that of the call.
func BenchmarkHold(b *testing.B)     { benchmark(b, holdCall) }
func BenchmarkProposal(b *testing.B) { benchmark(b, proposalCall) }
