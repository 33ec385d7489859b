package streams_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// content is a file of random octets.
func content(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{9}).Read(data)
	return data
}

// onDisk writes a file and selects it.
func onDisk(t testing.TB, name string, data []byte) *streams.FileSelector {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := streams.OpenFile(path, "", true)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (p *talker) push(selector streams.FileSelector) {
	s, err := streams.NewFileTransferStream(p.env, selector, callsdp.SendOnly)
	check(p.t, err)
	p.stream = s
}

// folder lists what is in a folder.
func folder(t testing.TB, dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestPush: files of several sizes arrive as they were.
func TestPush(t *testing.T) {
	for _, size := range []int{0, 1, 65536, 65537, 1 << 20} {
		data, dir := content(size), t.TempDir()
		selector := onDisk(t, "a file.bin", data)
		withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
			bob.env.MSRP.Downloads = dir
			alice.push(*selector)
			join(alice, bob, nil)
			time.Sleep(time.Minute)
			sent, got := alice.take(), bob.take()
			last := fmt.Sprintf("%d/%d", size, size)
			if sent[len(sent)-1] != "DidFinish" || got[len(got)-1] != "DidFinish" || sent[len(sent)-2] != "DidDeliverChunk "+last ||
				size > 0 && got[len(got)-2] != "GotChunk "+last {
				t.Errorf("size %d:\n%s\n%s", size, sent[len(sent)-2:], got[len(got)-2:])
			}
			saved, err := os.ReadFile(filepath.Join(dir, "a file.bin"))
			if err != nil || !bytes.Equal(saved, data) || folder(t, dir) != "a file.bin" {
				t.Errorf("size %d: %v, %s", size, err, folder(t, dir))
			}
			end(alice, bob)
		})
	}
}

// TestPull: the answerer gives a file out, or fails without one.
func TestPull(t *testing.T) {
	data, dir := content(100000), t.TempDir()
	selector := onDisk(t, "wanted.txt", data)
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		s, err := streams.NewFileTransferStream(alice.env, streams.FileSelector{Name: "wanted.txt", Size: streams.NoSize}, callsdp.RecvOnly)
		check(t, err)
		s.SaveIn(dir)
		alice.stream = s
		join(alice, bob, func(far streams.MediaStream) { check(t, far.(*streams.FileTransferStream).SetFileSelector(*selector)) })
		time.Sleep(time.Minute)
		if got := alice.take(); got[len(got)-1] != "DidFinish" || s.SavedAs() != "wanted.txt" {
			t.Errorf("%v, saved as %q", got, s.SavedAs())
		}
		end(alice, bob)
	})
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		s, err := streams.NewFileTransferStream(alice.env, streams.FileSelector{Name: "secret", Size: streams.NoSize}, callsdp.RecvOnly)
		check(t, err)
		alice.stream = s
		check(t, alice.stream.Initialize(alice, streams.Outgoing))
		bob.stream, err = allStreams().NewFromSDP(bob.env, alice.describe(), 0)
		check(t, err)
		check(t, bob.stream.Initialize(bob, streams.Incoming))
		bob.expect("DidFail initialize: file descriptor not specified")
		end(alice, bob)
	})
}

// TestNames: never another file's place, never outside.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"x.txt": "x-1.txt x.txt", "../../x.txt": "x-1.txt x.txt", `..\..\y`: "x.txt y", "/etc/passwd": "passwd x.txt", "..": "file x.txt",
		".bashrc": "bashrc x.txt", "NUL.txt": "file-NUL.txt x.txt", "a\u202egpj.exe": "agpj.exe x.txt", "a\x00\nb": "ab x.txt", "%2e%2e%2fz": "%2e%2e%2fz x.txt",
	} {
		dir := t.TempDir()
		check(t, os.WriteFile(filepath.Join(dir, "x.txt"), []byte("mine"), 0o600))
		withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
			bob.env.MSRP.Downloads = dir
			alice.push(streams.FileSelector{Name: name, Size: 3, Content: strings.NewReader("new")})
			join(alice, bob, nil)
			end(alice, bob)
		})
		mine, _ := os.ReadFile(filepath.Join(dir, "x.txt"))
		if got := folder(t, dir); got != want || string(mine) != "mine" {
			t.Errorf("%q: %s, want %s; %s", name, got, want, mine)
		}
	}
}

// TestWrongFiles: what is not as announced leaves nothing.
func TestWrongFiles(t *testing.T) {
	right := onDisk(t, "right", []byte("right")).Hash
	for name, c := range map[string]struct {
		selector streams.FileSelector
		sent     string
		failure  string
	}{
		"wrong hash": {streams.FileSelector{Name: "f", Size: 5, Hash: right, Content: strings.NewReader("wrong")}, "DidNotDeliverChunk 400", "the file does not have the announced hash"},
		"right hash": {streams.FileSelector{Name: "f", Size: 5, Hash: right, Content: strings.NewReader("right")}, "DidFinish", ""},
		"short":      {streams.FileSelector{Name: "f", Size: 100, Content: strings.NewReader("short")}, "DidNotDeliverChunk 400", "the peer has aborted the transfer"},
	} {
		dir := t.TempDir()
		withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
			bob.env.MSRP.Downloads = dir
			alice.push(c.selector)
			join(alice, bob, nil)
			if got := strings.Join(alice.take(), ";"); !strings.Contains(got, c.sent) {
				t.Errorf("%s: sender %s", name, got)
			}
			got := strings.Join(bob.take(), ";")
			if c.failure != "" && (!strings.HasSuffix(got, "DidFail reading: "+c.failure) || folder(t, dir) != "") {
				t.Errorf("%s: %s; folder %s", name, got, folder(t, dir))
			}
			end(alice, bob)
			if c.failure == "" && folder(t, dir) != "f" {
				t.Errorf("%s: folder %s", name, folder(t, dir))
			}
		})
	}
}

// TestMoreThanAnnounced: the peer's SDP lies about the size.
func TestMoreThanAnnounced(t *testing.T) {
	dir := t.TempDir()
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		bob.env.MSRP.Downloads = dir
		alice.push(streams.FileSelector{Name: "f", Size: 1 << 30, Content: rand.NewChaCha8([32]byte{})})
		join(alice, bob, func(far streams.MediaStream) {
			f := far.(*streams.FileTransferStream)
			selector := f.FileSelector()
			selector.Size = 100000
			check(t, f.SetFileSelector(selector))
		})
		time.Sleep(10 * time.Second)
		bob.expect("DidInitialize", "DidStart", "DidFail reading: more than the 100000 octets announced")
		if got := strings.Join(alice.take(), ";"); !strings.Contains(got, "DidNotDeliverChunk 413") {
			t.Errorf("sender %s", got)
		}
		end(alice, bob)
	})
	if got := folder(t, dir); got != "" {
		t.Errorf("left: %s", got)
	}
}

// TestKilled: a transfer that ends at a random moment leaves the whole file or nothing.
func TestKilled(t *testing.T) {
	data := content(3 << 20)
	selector := onDisk(t, "f", data)
	random := rand.New(rand.NewPCG(1, 2))
	whole, runs := 0, 200
	if streams.RaceDetector {
		runs = 24
	}
	for i := range runs {
		dir := t.TempDir()
		at := time.Duration(random.Int64N(int64(4 * time.Second)))
		withTalkers(t, func(n *simnet.Network, alice, bob *talker) {
			n.SetLink("", "", simnet.LinkConfig{Latency: 10 * time.Millisecond, Bandwidth: 8 << 20})
			bob.env.MSRP.Downloads = dir
			alice.push(streams.FileSelector{Name: "f", Size: selector.Size, Hash: selector.Hash, Content: bytes.NewReader(data)})
			join(alice, bob, nil)
			time.Sleep(at)
			switch i % 4 {
			case 0:
				end(alice, bob)
			case 1:
				end(bob, alice)
			case 2:
				n.Cut("alice", "bob")
				time.Sleep(2 * time.Minute)
				end(alice, bob)
			case 3:
				n.Cut("alice", "bob")
				time.Sleep(5 * time.Second)
				n.Heal("alice", "bob")
				time.Sleep(time.Minute)
				end(alice, bob)
			}
		})
		switch got := folder(t, dir); got {
		case "":
		case "f":
			whole++
			if saved, _ := os.ReadFile(filepath.Join(dir, "f")); !bytes.Equal(saved, data) {
				t.Errorf("run %d: another file", i)
			}
		default:
			t.Errorf("run %d: %s is left", i, got)
		}
	}
	t.Logf("%d of %d were whole", whole, runs)
	if whole == 0 || whole == runs {
		t.Error("the moments prove nothing")
	}
}

// pulling is a stream that asks for a file of so many octets, NoSize for one of any size.
func pulling(t *testing.T, size int64) func(*streams.Environment) streams.MediaStream {
	return func(env *streams.Environment) streams.MediaStream {
		s, err := streams.NewFileTransferStream(env, streams.FileSelector{Name: "f", Size: size}, callsdp.RecvOnly)
		check(t, err)
		return s
	}
}

// TestOneFile: another message than that of the file is refused, and does the file no harm.
func TestOneFile(t *testing.T) {
	scripted(t, pulling(t, 200000), func(alice *talker, peer *msrp.Session, told *reports) {
		slow, writer := io.Pipe()
		peer.Send(msrp.Outgoing{ContentType: "text/plain", Body: slow, Size: 200000, SuccessReport: true, Bulk: true})
		_, err := writer.Write(make([]byte, 100000))
		check(t, err)
		peer.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("another"), SuccessReport: true})
		time.Sleep(time.Second)
		_, err = writer.Write(make([]byte, 100000))
		check(t, err)
		time.Sleep(time.Second)
		if got := strings.Join(told.lines(), ";"); strings.Count(got, "failed 413") != 1 || strings.Count(got, "failed") != 1 {
			t.Errorf("%s", got)
		}
		if got := alice.take(); got[len(got)-1] != "DidFinish" {
			t.Errorf("%q", got)
		}
	})
}

// TestAbortedWhileRemoved: a sender that is being removed gives its file up, which is a failure only to who does not know.
func TestAbortedWhileRemoved(t *testing.T) {
	for _, knows := range []bool{false, true} {
		withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
			slow, writer := io.Pipe()
			alice.push(streams.FileSelector{Name: "f", Size: 1 << 20, Content: slow})
			join(alice, bob, nil)
			_, err := writer.Write(make([]byte, 100000))
			check(t, err)
			time.Sleep(time.Second)
			bob.take()
			if knows {
				bob.stream.Deactivate()
			}
			alice.stream.End()
			time.Sleep(5 * time.Second)
			failure := "DidFail reading: the peer has aborted the transfer"
			if got := bob.take(); slices.Contains(got, failure) == knows {
				t.Errorf("removal is known: %t; %q", knows, got)
			}
			end(alice, bob)
		})
	}
}

// TestHugeFile: a quarter of a gigabyte in virtual time, with content that is made on the way.
func TestHugeFile(t *testing.T) {
	size := int64(256 << 20)
	if streams.RaceDetector {
		size = 64 << 20
	}
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		alice.push(streams.FileSelector{Name: "huge", Size: size, Content: zeros{}})
		join(alice, bob, nil)
		time.Sleep(20 * time.Minute)
		if got := bob.take(); got[len(got)-1] != "DidFinish" {
			t.Errorf("%d notifications, the last %s", len(got), got[len(got)-1])
		}
		end(alice, bob)
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

var _ io.Reader = zeros{}

func TestFileSelector(t *testing.T) {
	const sum = "72:24:5F:E8:65:3D:DA:F3:71:36:2F:86:D4:71:91:3E:E4:A2:CE:2E"
	for text, want := range map[string]string{
		`name:"My cool picture.jpg" type:image/jpeg size:4092 hash:sha-1:` + sum: `name:"My cool picture.jpg" type:image/jpeg size:4092 hash:sha-1:` + sum,
		`hash:sha1:` + sum + ` size:0 name:"a%22b%25"`:                           `name:"a%22b%25" size:0 hash:sha-1:` + sum,
		`hash:sha-1:` + strings.ToLower(strings.ReplaceAll(sum, ":", "")):        `hash:sha-1:` + sum,
		`hash:md5:00:11 icon:x type:a/b`:                                         `type:a/b`,
		``:                                                                       ``,
	} {
		f, err := streams.ParseFileSelector(text)
		if err != nil || f.String() != want {
			t.Errorf("%s became %s, %v", text, f.String(), err)
		}
	}
	for _, text := range []string{"x", `name:"open`, "size:-1", "size:99999999999999999999", "hash:sha-1:00", "size:+1"} {
		if f, err := streams.ParseFileSelector(text); err == nil {
			t.Errorf("%s became %v", text, f)
		}
	}
}

// TestEndWhileReading: who waits for more of the file than there is does not keep the stream from ending.
func TestEndWhileReading(t *testing.T) {
	withTalkers(t, func(_ *simnet.Network, alice, bob *talker) {
		slow, writer := io.Pipe()
		var err error
		alice.stream, err = streams.NewFileTransferStream(alice.env, streams.FileSelector{Name: "x", Size: 1 << 20, Content: slow}, callsdp.SendOnly)
		check(t, err)
		join(alice, bob, nil)
		go func() { _, _ = writer.Write(make([]byte, 1000)) }()
		time.Sleep(time.Second)
		alice.take()
		end(alice, bob)
		alice.expect("WillEnd", "DidEnd")
	})
}

func FuzzSafeName(f *testing.F) {
	for _, name := range []string{"a", "../b", `c:\d`, "con.txt", "..", "\u202e", strings.Repeat("ü", 300), "COM¹.x", " .x. "} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := streams.SafeName(name)
		if got == "" || len(got) > 210 || strings.ContainsAny(got, "/\\:\x00\r\n\x1b") || strings.HasPrefix(got, ".") ||
			!filepath.IsLocal(got) || filepath.Base(got) != got || streams.SafeName(got) != got {
			t.Errorf("%q became %q, again %q", name, got, streams.SafeName(got))
		}
	})
}

func FuzzFileSelector(f *testing.F) {
	f.Add(`name:"x" size:1 type:a/b hash:sha-1:00`)
	f.Add(`name:"`)
	f.Fuzz(func(t *testing.T, text string) {
		selector, err := streams.ParseFileSelector(text)
		if err != nil {
			return
		}
		again, err := streams.ParseFileSelector(selector.String())
		if err != nil || again.Name != selector.Name || again.Size != selector.Size || again.Hash != selector.Hash {
			t.Errorf("%q: %+v became %+v, %v", text, selector, again, err)
		}
	})
}
