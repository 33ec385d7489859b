//go:build unix

package streams_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// Environment of a process that receives a file, and kills itself after a time.
const (
	killFolder = "CALLFLOW_TEST_RECEIVE_IN"
	killSource = "CALLFLOW_TEST_FILE"
	killAfter  = "CALLFLOW_TEST_KILL_AFTER"
)

// killedFile is what is transferred.
func killedFile() []byte {
	data := make([]byte, 2<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// TestReceiveAndDie is the process: one transfer over loopback, saved with its hash checked. It does nothing unless it is told to.
func TestReceiveAndDie(t *testing.T) {
	folder := os.Getenv(killFolder)
	if folder == "" {
		return // TestKilledTransfers runs it
	}
	sockets, err := stdnet.NewNet()
	check(t, err)
	center := notification.NewCenter(nil)
	done := make(chan string, 4)
	center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		switch data := n.Data.(type) {
		case streams.FileTransferStreamDidFinish:
			done <- ""
		case streams.MediaStreamDidFail:
			done <- data.Reason
		}
	}))
	env := &streams.Environment{Center: center, Net: sockets}
	selector, err := streams.OpenFile(os.Getenv(killSource), "", true)
	check(t, err)
	from, err := streams.NewFileTransferStream(env, *selector, callsdp.SendOnly)
	check(t, err)
	micros, err := strconv.Atoi(os.Getenv(killAfter))
	check(t, err)
	begin := time.Now()
	if micros > 0 {
		time.AfterFunc(time.Duration(micros)*time.Microsecond, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	}
	to := transferTo(t, env, from, folder)
	for range 2 {
		if reason := <-done; reason != "" {
			t.Fatal(reason)
		}
	}
	fmt.Println("took", time.Since(begin).Microseconds())
	endBoth(from, to)
}

// transferTo starts a stream and its counterpart, which saves the file.
func transferTo(t *testing.T, env *streams.Environment, from *streams.FileTransferStream, folder string) streams.MediaStream {
	describe := func(s streams.MediaStream) *sdp.SessionDescription {
		line, err := s.LocalMedia(true)
		check(t, err)
		d := callsdp.NewSession("lab", netip.MustParseAddr("127.0.0.1"), 1)
		d.MediaDescriptions = []*sdp.MediaDescription{line}
		return d
	}
	check(t, from.Initialize(localOwner{}, streams.Outgoing))
	offer := describe(from)
	made, err := allStreams().NewFromSDP(env, offer, 0)
	check(t, err)
	made.(*streams.FileTransferStream).SaveIn(folder)
	check(t, made.Initialize(localOwner{}, streams.Incoming))
	answer := describe(made)
	check(t, from.Start(offer, answer, 0))
	check(t, made.Start(answer, offer, 0))
	return made
}

// TestKilledTransfers: a process that receives is killed at random moments. Under the final name there is the whole file
// or nothing; what is left under temporary names is swept when it is old.
func TestKilledTransfers(t *testing.T) {
	if testing.Short() {
		t.Skip("200 processes")
	}
	self, err := os.Executable()
	check(t, err)
	folder, source := t.TempDir(), filepath.Join(t.TempDir(), "f.bin")
	check(t, os.WriteFile(source, killedFile(), 0o600))
	killings := 200
	if streams.RaceDetector {
		killings = 50
	}
	receive := func(micros int) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, self, "-test.run=^TestReceiveAndDie$")
		cmd.Env = append(os.Environ(), killFolder+"="+folder, killSource+"="+source, killAfter+"="+strconv.Itoa(micros))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := receive(0)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var took int
	if _, err := fmt.Sscanf(out[strings.Index(out, "took"):], "took %d", &took); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	moments := make(chan int, killings)
	for range killings {
		moments <- 1 + random.IntN(took+took/4)
	}
	close(moments)
	var workers sync.WaitGroup
	var mu sync.Mutex
	killed := 0
	for range 2 {
		workers.Go(func() {
			for micros := range moments {
				out, err := receive(micros)
				exit, ok := errors.AsType[*exec.ExitError](err)
				switch {
				case err == nil: // it was faster
				case ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
					mu.Lock()
					killed++
					mu.Unlock()
				default:
					t.Errorf("after %d µs: %v\n%s", micros, err, out)
				}
			}
		})
	}
	workers.Wait()
	whole, parts := examine(t, folder)
	t.Logf("%d of %d killed: %d whole files, %d temporary ones", killed, killings, whole, len(parts))
	if killed == 0 {
		t.Error("nobody was killed in time")
	}
	old := filepath.Join(folder, ".incoming-old.part")
	check(t, os.WriteFile(old, nil, 0o600))
	for _, name := range append(parts, old) {
		long := time.Now().Add(-2 * time.Hour)
		check(t, os.Chtimes(name, long, long))
	}
	if out, err := receive(0); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if after, parts := examine(t, folder); after != whole+1 || len(parts) > 0 {
		t.Errorf("%d files after one more than %d; left: %v", after, whole, parts)
	}
}

// examine counts the files, which have to be whole, and lists the temporary ones.
func examine(t *testing.T, folder string) (whole int, parts []string) {
	want := killedFile()
	check(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if strings.HasSuffix(path, ".part") {
			parts = append(parts, path)
			return nil
		}
		data, err := os.ReadFile(path)
		if !bytes.Equal(data, want) {
			t.Errorf("%s has %d octets that are not the file", path, len(data))
		}
		whole++
		return err
	}))
	return whole, parts
}
