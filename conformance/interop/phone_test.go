package interop

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/hear"
)

// buildPhone builds the command.
func buildPhone(t testing.TB) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "callflow")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/callflow").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// startPhone runs a phone that answers every call to "service".
func startPhone(t testing.TB, args ...string) (p *process, addr string) {
	t.Helper()
	answer := []string{"phone", "answer", "--id", "service", "--listen", "127.0.0.1:0", "--auto-answer"}
	p = start(t, t.TempDir(), buildPhone(t), append(answer, args...)...)
	return p, p.prints(`listening on udp (\S+)`)[1]
}

// TestPhoneUnderLoad has SIPp call an auto-answering phone, ten calls at a time:
// every one of them goes as SIPp's own scenario wants.
func TestPhoneUnderLoad(t *testing.T) {
	t.Parallel()
	need(t, "sipp", "sip-tester")
	phone, addr := startPhone(t, "--calls", "200")
	sipp, _ := startSIPp(t, "uac", 200, "-d", "0", "-l", "10", "-r", "1000", addr)
	sipp.succeeds()
	<-phone.done
	text, _ := phone.text()
	// On a busy machine the BYE may come before the phone has started its streams.
	n := strings.Count(text, "ended by them") + strings.Count(text, "the call failed: user_request")
	if code := phone.cmd.ProcessState.ExitCode(); n != 200 || code != 0 {
		t.Errorf("%d calls, exit code %d\n%s", n, code, text)
	}
}

// TestPhoneCallsBaresip has the phone place a call, record what baresip says and
// hang up.
func TestPhoneCallsBaresip(t *testing.T) {
	t.Parallel()
	b := startBaresip(t, tone(t), "audio_codecs=PCMU")
	dir := t.TempDir()
	phone := start(t, dir, buildPhone(t), "phone", "call", b.uri(), "--listen", "127.0.0.1", "--record", "heard.wav", "--duration", "2s")
	b.await("CALL_ESTABLISHED")
	b.await("CALL_CLOSED")
	<-phone.done
	if text, _ := phone.text(); phone.cmd.ProcessState.ExitCode() != 0 || !strings.Contains(text, "talking with "+b.uri()+", PCMU") {
		t.Errorf("the phone says\n%s", text)
	}
	samples, rate, err := audio.ReadWaveFile(filepath.Join(dir, "heard.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(hear.Measure(samples, rate, nil).Tones, baresipTone) {
		t.Errorf("recorded is %+v", hear.Measure(samples, rate, nil))
	}
}
