package interop

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// sippTone is what the scenario uac_talk speaks, in Hz.
const sippTone = 500

// startSIPp runs SIPp on a free port, with one of its own scenarios or one of
// testdata. It ends by itself after calls calls.
func startSIPp(t testing.TB, scenario string, calls int, args ...string) (p *process, port int) {
	t.Helper()
	need(t, "sipp", "sip-tester")
	dir := t.TempDir()
	own := []string{"-sn", scenario}
	if data, err := os.ReadFile(filepath.Join("testdata", scenario+".xml")); err == nil {
		own = []string{"-sf", write(t, dir, scenario+".xml", string(data))}
		write(t, dir, "tone.alaw", string(alaw(sippTone, 10*time.Second)))
	}
	for range 5 { // somebody may take the ports first
		port = freePorts(t, 1)
		common := []string{"-i", "127.0.0.1", "-p", strconv.Itoa(port), "-mi", "127.0.0.1", "-mp", strconv.Itoa(freePorts(t, 4)),
			"-m", strconv.Itoa(calls), "-nostdin", "-timeout", "60", "-timeout_error",
			"-trace_err", "-error_file", "errors.log", "-trace_logs"}
		p = start(t, dir, "sipp", append(append(own, common...), args...)...)
		if p.bound(port) {
			return p, port
		}
	}
	t.Fatal("SIPp does not find its port free")
	return nil, 0
}

// alaw is a tone as PCMA, without a header.
func alaw(hz float64, length time.Duration) []byte {
	samples := make([]int16, int(length.Seconds()*8000))
	for i := range samples {
		samples[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(i)/8000))
	}
	codec, _ := audio.LookupCodec("PCMA", 8000)
	return codec.NewEncoder().Encode(nil, samples)
}

// succeeds waits for the end, and wants exit code 0: every call went as its
// scenario says.
func (p *process) succeeds() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * patience):
		p.t.Fatalf("%s does not end", p.name)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		errors, _ := os.ReadFile(filepath.Join(p.cmd.Dir, "errors.log")) // it may have none
		p.t.Errorf("%s: exit code %d\n%s", p.name, code, errors)
	}
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
