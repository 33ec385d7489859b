package conformance_test

import (
	"testing"
	"testing/fstest"

	"github.com/go-sipsimple/callflow/conformance/play"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/internal/cputime"
	"github.com/go-sipsimple/callflow/scenarios"
)

// A call with a minute of talk, without media. Target: 1 ms a case.
const signallingCall = `callflow: 1
name: one minute, signalling only
streams: {a: {type: audio, double: true}}
parties: [alice, bob]
settle: 1s
steps:
  - alice: {call: bob, streams: [a]}
  - bob: ring
  - bob: {accept: [a]}
  - expect:
      alice, bob: [..., SIPSessionDidStart]
  - alice: end
    after: 60s
  - expect:
      alice, bob: [..., SIPSessionDidEnd]
`

// The same with G.711 both ways, measured. Target: 15 ms of processor a case.
const speechCall = `callflow: 1
name: one minute, G.711 both ways
parties: {alice: {plays: 440 Hz}, bob: {plays: 880 Hz}}
settle: 1s
steps:
  - alice: {call: bob}
  - bob: ring
  - bob: accept
  - expect:
      alice, bob: [..., SIPSessionDidStart]
  - listen: 60s
    both ways: {snr: 30dB.., lost_frames: 0}
  - alice: end
  - expect:
      alice, bob: [..., SIPSessionDidEnd]
`

// A call, and a blind transfer of it, without media.
const blindTransfer = `callflow: 1
name: blind transfer, signalling only
streams: {a: {type: audio, double: true}}
parties: [alice, bob, carol]
settle: 1s
steps:
  - alice: {call: bob, streams: [a]}
  - bob: {accept: [a]}
  - expect:
      alice, bob: [..., SIPSessionDidStart]
  - alice: {transfer: carol}
  - bob: accept_transfer
    as: second
  - carol: ring
  - carol: {accept: [a]}
  - expect:
      alice: [..., SIPSessionTransferDidEnd, ..., SIPSessionDidEnd]
      bob#alice: [..., SIPSessionTransferDidEnd, ..., SIPSessionDidEnd]
      bob#second, carol: [..., SIPSessionDidStart]
`

func BenchmarkBlindTransfer(b *testing.B) { benchmark(b, blindTransfer) }

func BenchmarkSignallingCall(b *testing.B) { benchmark(b, signallingCall) }
func BenchmarkSpeechCall(b *testing.B)     { benchmark(b, speechCall) }

// BenchmarkSuite plays all built-in scenarios, one a core at a time. Target: 2 s.
func BenchmarkSuite(b *testing.B) {
	cases, problems := scenario.Load(scenarios.FS, nil, scenario.Options{Library: scenarios.FS})
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	b.ReportMetric(float64(len(cases)), "cases")
	for b.Loop() {
		play.All(cases, 0, play.Play, func(r *play.Result) {
			if r.Verdict != play.Passed && r.Verdict != play.Skipped {
				b.Fatal(r.Failures)
			}
		})
	}
}

func benchmark(b *testing.B, text string) {
	files := fstest.MapFS{"call.yaml": {Data: []byte(text)}}
	cases, problems := scenario.Load(files, nil, scenario.Options{})
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	b.ReportAllocs()
	defer cputime.Report(b)()
	for b.Loop() {
		if r := play.Play(cases[0]); r.Verdict != play.Passed {
			b.Fatal(r.Failures)
		}
	}
}
