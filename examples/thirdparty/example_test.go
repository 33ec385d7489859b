package thirdparty_test

import (
	"fmt"

	"github.com/go-sipsimple/callflow/conformance/streamtest"
	"github.com/go-sipsimple/callflow/examples/thirdparty"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// An application takes text streams when they are in its registry.
func ExampleRegister() {
	registry := &streams.Registry{}
	streams.RegisterBuiltIn(registry)
	thirdparty.Register(registry)
	cfg := sipsimple.Config{Registry: registry}

	for _, f := range cfg.Registry.Factories() {
		fmt.Println(f.Priority, f.Type)
	}
	// Output:
	// 10 file-transfer
	// 1 audio
	// 1 chat
	// 1 desktop-sharing
	// 1 text
}

// A program without package testing asks for verdicts.
func Example_check() {
	verdicts := map[streamtest.Outcome]int{}
	for _, result := range streamtest.Check(fixture()) {
		verdicts[result.Outcome]++
	}
	fmt.Println(verdicts[streamtest.Kept], "kept,", verdicts[streamtest.Violated], "violated")
	// Output:
	// 93 kept, 0 violated
}
