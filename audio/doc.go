// Package audio mixes, codes and generates sound.
//
// Start with a [Mixer] on a [Device]: the device is the clock, every 20 ms it
// asks the mixer for one frame. Sources and sinks of sound take a numbered slot
// of the mixer (slot 0 is the device itself) and are joined by directed
// connections. Nobody connects slots by hand: an [AudioBridge] keeps its
// members, which are [Port]s, connected so that each hears all the others.
//
// Samples are mono, signed 16 bit; a frame is 20 ms of them. Codecs turn frames
// into RTP payloads and back ([Codecs], [LookupCodec]).
//
// Nothing here knows about calls, and nothing needs sound hardware.
package audio

import "time"

// FrameDuration is the length of a frame, and the period of every mixer.
const FrameDuration = 20 * time.Millisecond

// FramesPerSecond is the number of frames in a second.
const FramesPerSecond = int(time.Second / FrameDuration)
