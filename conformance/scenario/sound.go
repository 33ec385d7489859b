package scenario

import (
	"path"
	"strings"

	"github.com/go-sipsimple/callflow/audio"
)

// isWave tells a file to play from tones.
func isWave(n *node) bool { return n.isScalar() && strings.HasSuffix(n.text, ".wav") }

// waveToPlay reads the name of a WAV file beside the scenario.
func (c *compiler) waveToPlay(n *node) string {
	name := c.fileToSend(n)
	if name == "" || c.result.Files[name] == nil {
		return name
	}
	if samples, _, err := audio.DecodeWave(c.result.Files[name]); err != nil {
		c.r.at(n, "%s: %v", quote(n.text), err)
	} else if len(samples) == 0 {
		c.r.at(n, "there is no sound in %s", quote(n.text))
	}
	return name
}

// soundArgument checks the name of a recording, which goes into a folder of the
// run and nowhere else.
func (c *compiler) soundArgument(call *Call, n *node) {
	text, ok := call.Arg.(string)
	if ok && text != "" && call.Name == "record" && (path.IsAbs(text) || path.Clean(text) != text || strings.HasPrefix(text, "..")) {
		c.r.at(n, "%s is no name of a file in the folder of the run, such as call.wav", quote(text))
	}
}
