package streams

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// errHash is what a file with another content than announced comes to.
var errHash = errors.New("the file does not have the announced hash")

// download is an incoming file: hashed as it comes, and saved under a temporary name until it is whole and right. Without
// a folder it is only hashed.
type download struct {
	root    *os.Root
	file    *os.File
	temp    string
	name    string // final, once it is there
	hashed  int64  // octets from the beginning that were handed to the hasher
	hasher  chan []byte
	hash    hash.Hash // the hasher's until done is closed
	done    chan struct{}
	stopped bool
	wanted  string    // hash announced, "" for none
	sink    io.Writer // the application's, instead of a file
	free    chan []byte
}

// hashAhead is how many chunks may wait to be hashed, which another goroutine does: it takes as long as the network.
const hashAhead = 8

// newDownload creates the temporary file. The id makes its name unique; wanted is the hash
// announced, "" for none.
func newDownload(folder, id, wanted string) (*download, error) {
	d := &download{wanted: wanted, hash: newHash(), hasher: make(chan []byte, hashAhead), done: make(chan struct{})}
	d.free = make(chan []byte, hashAhead+2)
	if folder == "" {
		return d, nil
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	sweep(root)
	d.root, d.temp = root, partBegin+id+partEnd
	d.file, err = root.OpenFile(d.temp, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return d, nil
}

// Names of temporary files.
const (
	partBegin = ".incoming-"
	partEnd   = ".part"
)

// staleAfter is how long nothing has been written to what nobody is writing any
// more: a transfer that does not get on is cut off much earlier.
const staleAfter = time.Hour

// sweep removes what processes have left that did not end by themselves.
func sweep(root *os.Root) {
	list, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return
	}
	for _, entry := range list {
		name := entry.Name()
		if !strings.HasPrefix(name, partBegin) || !strings.HasSuffix(name, partEnd) || !entry.Type().IsRegular() {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = root.Remove(name)
		}
	}
}

// errGap is for octets that come out of order when there is no file to put them into.
var errGap = errors.New("octets are missing")

// run hashes until all is in.
func (d *download) run() {
	defer close(d.done)
	for data := range d.hasher {
		_, _ = d.hash.Write(data) // never fails
		select {
		case d.free <- data[:0]:
		default:
		}
	}
}

// copyOf is data in memory that the hasher may keep for a while.
func (d *download) copyOf(data []byte) []byte {
	select {
	case buf := <-d.free:
		return append(buf, data...)
	default:
		return append([]byte(nil), data...)
	}
}

// stop waits for the hasher.
func (d *download) stop() {
	if !d.stopped {
		d.stopped = true
		close(d.hasher)
	}
	<-d.done
}

// write takes octets from position offset (0 is the first) on. They are not kept.
func (d *download) write(offset int64, data []byte) error {
	if offset == d.hashed {
		if d.wanted != "" {
			d.hasher <- d.copyOf(data)
		}
		d.hashed += int64(len(data))
	} else if d.file == nil && offset > d.hashed {
		return errGap
	} else if d.file == nil {
		return nil // it has been there
	}
	if d.sink != nil {
		_, err := d.sink.Write(data)
		return err
	}
	if d.file == nil {
		return nil
	}
	_, err := d.file.WriteAt(data, offset)
	return err
}

// finish checks the hash and gives the file its name; it never replaces another.
func (d *download) finish(size int64, name string) error {
	d.stop()
	if d.wanted != "" && d.hashed < size { // it came in another order
		d.hash = newHash()
		if _, err := io.Copy(d.hash, io.NewSectionReader(d.file, 0, size)); err != nil {
			return err
		}
	}
	if d.wanted != "" && !strings.EqualFold(d.wanted, hashText(d.hash.Sum(nil))) {
		return errHash
	}
	if d.file == nil {
		return nil
	}
	if err := d.file.Sync(); err != nil {
		return err
	}
	if err := d.link(SafeName(name)); err != nil {
		return err
	}
	return d.root.Remove(d.temp)
}

// link gives the file the first free name of "x.txt", "x-1.txt", …
func (d *download) link(name string) error {
	extension := filepath.Ext(name)
	base := strings.TrimSuffix(name, extension)
	for n := range 10000 {
		candidate := name
		if n > 0 {
			candidate = fmt.Sprintf("%s-%d%s", base, n, extension)
		}
		err := d.root.Link(d.temp, candidate)
		if err == nil {
			d.name = candidate
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return fmt.Errorf("no free name for %s", name)
}

// close removes what is not finished.
func (d *download) close() {
	d.stop()
	if d.file == nil {
		return
	}
	_ = d.file.Close()
	if d.name == "" {
		_ = d.root.Remove(d.temp)
	}
	_ = d.root.Close()
	d.file = nil
}
