package audio_test

import (
	"fmt"

	"github.com/go-sipsimple/callflow/audio"
)

// 20 ms of sound as G.711 carries them: an octet a sample, and nearly the same
// sound again.
func ExampleLookupCodec() {
	codec, ok := audio.LookupCodec("PCMU", 8000)
	if !ok {
		return
	}
	frame := make([]int16, codec.FrameSize())
	for i := range frame {
		frame[i] = int16(100 * i)
	}
	payload := codec.NewEncoder().Encode(nil, frame)
	heard := codec.NewDecoder().Decode(nil, payload)
	fmt.Println(codec.Format(), len(frame), "samples,", len(payload), "octets")
	fmt.Println(frame[100], "is heard as", heard[100])
	// Output:
	// PCMU/8000 160 samples, 160 octets
	// 10000 is heard as 9852
}

// What this build can send and receive; with the tag opus it is one more.
func ExampleCodecs() {
	for _, codec := range audio.Codecs() {
		if codec.Sendable() && codec.Channels < 2 {
			fmt.Println(codec.Format())
		}
	}
	// Output:
	// G722/8000
	// PCMU/8000
	// PCMA/8000
}
