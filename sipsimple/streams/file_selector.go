package streams

import (
	"crypto/sha1" //nolint:gosec // the hash of RFC 5547
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// NoSize is the size of a file that is not told.
const NoSize = -1

// FileSelector says which file (RFC 5547 section 6). What is not told is zero, a size [NoSize].
type FileSelector struct {
	Name string // as the peer or the application tells it; see [SafeName]
	Type string // media type
	Size int64
	Hash string // "sha-1:" and upper-case octets with colons
	// Content is what is sent: required to send, and read once. If it is an io.Closer it is closed at the end, which has
	// to end a Read that waits for more.
	Content io.Reader
}

// ParseFileSelector reads the value of a=file-selector. Unknown selectors and hashes are skipped.
func ParseFileSelector(text string) (FileSelector, error) {
	f := FileSelector{Size: NoSize}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimLeft(text, " \t") {
		name, rest, ok := strings.Cut(text, ":")
		if !ok {
			return FileSelector{}, fmt.Errorf("file-selector %.60q", text)
		}
		value := ""
		if quoted, is := strings.CutPrefix(rest, `"`); is {
			if value, text, ok = strings.Cut(quoted, `"`); !ok {
				return FileSelector{}, errors.New("file-selector with an open quote")
			}
		} else {
			value, text, _ = strings.Cut(rest, " ")
		}
		if err := f.take(name, value); err != nil {
			return FileSelector{}, err
		}
	}
	return f, nil
}

func (f *FileSelector) take(name, value string) error {
	switch strings.ToLower(name) {
	case "name":
		f.Name = percentDecode(value)
	case "type":
		f.Type = value
	case "size":
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil {
			return fmt.Errorf("file-selector size %.30q", value)
		}
		f.Size = int64(n)
	case "hash":
		algorithm, sum, _ := strings.Cut(value, ":")
		if algorithm = strings.ToLower(algorithm); algorithm != "sha-1" && algorithm != "sha1" {
			return nil
		}
		raw, err := hex.DecodeString(strings.ReplaceAll(sum, ":", ""))
		if err != nil || len(raw) != sha1.Size {
			return fmt.Errorf("file-selector hash %.80q", value)
		}
		f.Hash = hashText(raw)
	}
	return nil
}

// OpenFile selects a file to send: it opens it, guesses its type when contentType is "", and computes its hash if
// withHash says so. The content is closed when the transfer is over.
func OpenFile(path, contentType string, withHash bool) (*FileSelector, error) {
	file, err := os.Open(path) //nolint:gosec // the application chooses
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	f := &FileSelector{Name: filepath.Base(path), Type: contentType, Content: file}
	if err == nil && withHash {
		h := newHash()
		if _, err = io.Copy(h, file); err == nil {
			_, err = file.Seek(0, io.SeekStart)
		}
		f.Hash = hashText(h.Sum(nil))
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	f.Size = info.Size()
	if f.Type == "" {
		f.Type = guessType(f.Name)
	}
	return f, nil
}

func guessType(name string) string {
	extension := strings.ToLower(filepath.Ext(name))
	switch extension {
	case ".gz", ".tgz":
		return "application/x-gzip"
	case ".bz2":
		return "application/x-bzip2"
	case ".z":
		return "application/x-compress"
	}
	if t := mime.TypeByExtension(extension); t != "" {
		t, _, _ = strings.Cut(t, ";")
		return t
	}
	return "application/octet-stream"
}

func newHash() hash.Hash { return sha1.New() } //nolint:gosec // as above

// hashText is a hash as a file-selector has it.
func hashText(sum []byte) string {
	var b strings.Builder
	b.WriteString("sha-1")
	for _, c := range sum {
		fmt.Fprintf(&b, ":%02X", c)
	}
	return b.String()
}

// String is the value of a=file-selector. Absent fields are left out.
func (f *FileSelector) String() string {
	var words []string
	if f.Name != "" {
		words = append(words, `name:"`+percentEncode(f.Name)+`"`)
	}
	if f.Type != "" {
		words = append(words, "type:"+f.Type)
	}
	if f.Size >= 0 {
		words = append(words, "size:"+strconv.FormatInt(f.Size, 10))
	}
	if f.Hash != "" {
		words = append(words, "hash:"+f.Hash)
	}
	return strings.Join(words, " ")
}

// percentEncode writes what must not stand in the quotes (RFC 5547 section 6): %, ", CR, LF and other controls.
func percentEncode(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == 0x7f || c == '%' || c == '"' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// percentDecode reverses it, once; what is no escape stays.
func percentDecode(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if raw, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				b.WriteByte(raw[0])
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
