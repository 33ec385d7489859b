//go:build unix

package storage_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/internal/atomicfile"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// TestMain lets the test binary be the writer that is killed: the test starts
// it again with a role in the environment.
func TestMain(m *testing.M) {
	dir := os.Getenv("STORAGE_TEST_DIR")
	switch role := os.Getenv("STORAGE_TEST_ROLE"); {
	case role == "":
		os.Exit(m.Run())
	case role == "loop":
		saveForEver(dir)
	case role == "hold":
		hold(dir)
	default:
		step, _ := strconv.Atoi(role)
		dieAtStep(dir, step)
	}
}

// version is the configuration that save number n writes: long enough to take
// several blocks, and recognisable as whole.
func version(n int) storage.Tree {
	accounts := storage.Tree{}
	for i := range 400 {
		accounts[fmt.Sprintf("user%d@example.org", i)] = storage.Tree{"auth": storage.Tree{"password": fmt.Sprintf("secret of version %d", n)}}
	}
	return storage.Tree{"Accounts": accounts, "version": strconv.Itoa(n)}
}

// whole returns the number of the version in dir, and fails if it is not one.
func whole(t *testing.T, dir string) int {
	t.Helper()
	st := storage.NewFile(dir)
	defer st.Close()
	tree, err := st.ConfigurationBackend().Load()
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(fmt.Sprint(tree["version"]))
	want := fmt.Sprintf("secret of version %d", n)
	accounts, _ := tree["Accounts"].(storage.Tree)
	for _, account := range accounts {
		if got := account.(storage.Tree)["auth"].(storage.Tree)["password"]; got != want {
			t.Fatalf("in version %d stands %q", n, got)
		}
	}
	if len(accounts) != 400 {
		t.Fatalf("version %d has %d accounts", n, len(accounts))
	}
	return n
}

func child(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STORAGE_TEST_ROLE="+role, "STORAGE_TEST_DIR="+dir, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

func killed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	return ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}

// dieAtStep saves version 2 and kills itself before the step with that number.
func dieAtStep(dir string, step int) {
	st := storage.NewFile(dir)
	if _, err := st.ConfigurationBackend().Load(); err != nil {
		panic(err)
	}
	count := 0
	st.SetBefore(func(s atomicfile.Step) error {
		if count++; count == step {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	})
	if err := st.ConfigurationBackend().Save(version(2)); err != nil {
		panic(err)
	}
}

func TestKilledAtEveryStep(t *testing.T) {
	var steps []atomicfile.Step
	st := storage.NewFile(t.TempDir())
	defer st.Close()
	st.SetBefore(func(s atomicfile.Step) error { steps = append(steps, s); return nil })
	if err := st.ConfigurationBackend().Save(version(2)); err != nil || len(steps) < 8 {
		t.Fatalf("steps %v, %v", steps, err)
	}
	for i := range len(steps) + 1 { // the last one is not killed
		dir := t.TempDir()
		first := storage.NewFile(dir)
		if err := errors.Join(first.ConfigurationBackend().Save(version(1)), first.Close()); err != nil {
			t.Fatal(err)
		}
		err := child(t, strconv.Itoa(i+1), dir).Run()
		if i < len(steps) && !killed(err) || i == len(steps) && err != nil {
			t.Fatalf("step %d: the writer ended with %v", i, err)
		}
		want := 1
		if i >= len(steps)-1 { // killed before syncing the folder: renamed already
			want = 2
		}
		if got := whole(t, dir); got != want {
			t.Errorf("killed at step %d: version %d, want %d", i, got, want)
		}
		onlyConfigAndLock(t, dir)
	}
}

func onlyConfigAndLock(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "config" && e.Name() != "lock" {
			t.Errorf("after the next load there still lies %s", e.Name())
		}
		if info, _ := e.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
}

// saveForEver saves one version after the other, and says when it has begun.
func saveForEver(dir string) {
	st := storage.NewFile(dir)
	tree, err := st.ConfigurationBackend().Load()
	if err != nil {
		panic(err)
	}
	n, _ := strconv.Atoi(fmt.Sprint(tree["version"]))
	fmt.Println("saving")
	for {
		n++
		if err := st.ConfigurationBackend().Save(version(n)); err != nil {
			panic(err)
		}
	}
}

// TestKilledAtRandom kills a saving process many times at a random moment; each
// goes on where the one before was killed.
func TestKilledAtRandom(t *testing.T) {
	rounds := 200
	if testing.Short() || raceDetector {
		rounds = 20
	}
	dir := t.TempDir()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	last := 0
	st := storage.NewFile(dir)
	if err := errors.Join(st.ConfigurationBackend().Save(version(0)), st.Close()); err != nil {
		t.Fatal(err)
	}
	for round := range rounds {
		cmd := child(t, "loop", dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = bufio.NewReader(out).ReadString('\n')
		timer := time.NewTimer(time.Duration(random.Int64N(int64(40 * time.Millisecond)))) // a real process needs a real moment
		<-timer.C
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); !killed(err) {
			t.Fatalf("round %d: the writer ended with %v", round, err)
		}
		got := whole(t, dir)
		if got < last {
			t.Fatalf("seed %d, round %d: version %d after version %d", seed, round, got, last)
		}
		last = got
	}
	onlyConfigAndLock(t, dir)
	t.Logf("%d versions in %d rounds", last, rounds)
}

// hold keeps the storage open until it is killed.
func hold(dir string) {
	st := storage.NewFile(dir)
	if _, err := st.ConfigurationBackend().Load(); err != nil {
		panic(err)
	}
	fmt.Println("holding")
	select {}
}

func TestSecondProcessIsKeptOut(t *testing.T) {
	dir := folder(t, "a: 1\n")
	cmd := child(t, "hold", dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	_, _ = bufio.NewReader(out).ReadString('\n')

	st := storage.NewFile(dir)
	_, err = st.ConfigurationBackend().Load()
	if want := fmt.Sprintf("the storage %s is in use by process %d; ", dir, cmd.Process.Pid); !errors.Is(err, storage.ErrInUse) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Load gives %v, want %s…", err, want)
	}
	if err := st.ConfigurationBackend().Save(storage.Tree{"b": "2"}); !errors.Is(err, storage.ErrInUse) {
		t.Errorf("Save gives %v", err)
	}
	x, _ := st.XCAPStorageFactory()("alice@example.org")
	for _, err := range []error{x.Save("a", nil), x.Delete("a"), x.Purge()} {
		if !errors.Is(err, storage.ErrInUse) {
			t.Errorf("an XCAP store gives %v", err)
		}
	}
	if got := config(t, dir); got != "a: 1\n" {
		t.Errorf("the file holds %q", got)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if tree, err := st.ConfigurationBackend().Load(); err != nil || tree["a"] != "1" {
		t.Errorf("after its end: %v", err)
	}
	if _, err := storage.NewFile(dir).ConfigurationBackend().Load(); !errors.Is(err, storage.ErrInUse) {
		t.Errorf("a second File of this process: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	again := storage.NewFile(filepath.Join(dir, "."))
	if _, err := again.ConfigurationBackend().Load(); err != nil {
		t.Errorf("after Close: %v", err)
	}
	_ = again.Close()
}
