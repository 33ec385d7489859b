package streams

import (
	"errors"
	"fmt"
	"io"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// FileTransferType is the type of a [FileTransferStream].
const FileTransferType = "file-transfer"

// FileTransferStream is one file over MSRP (RFC 5547): pushed by who offers the stream, or pulled. It goes out of
// FileSelector.Content. It comes in as notifications with its octets, unless it is written somewhere (SaveTo), or saved in
// a folder ([MSRPSettings].Downloads, SaveIn): under a temporary name until it is whole and its hash is right, never outside of the folder,
// never larger than announced, never in place of another.
//
// The stream does not end itself when the file is through. All methods return at once and may be called from any
// goroutine.
type FileTransferStream struct {
	msrpStream

	// guarded by mu
	selector   FileSelector
	direction  sdp.Direction
	transferID string
	folder     string
	sink       io.Writer
	spans      msrp.Spans // that have come, or that the peer has reported
	finished   bool
	cancelled  bool
	outgoing   string // message id
	incoming   *download
	incomingID string
	savedAs    string
	paced      int           // notifications so far
	delivered  chan struct{} // closed when those of a while ago have reached the observers
}

// NewFileTransferStream returns a stream to offer, in state NULL: direction SendOnly pushes the file, RecvOnly asks for
// it.
func NewFileTransferStream(env *Environment, selector FileSelector, direction sdp.Direction) (*FileTransferStream, error) {
	if direction != callsdp.SendOnly && direction != callsdp.RecvOnly {
		return nil, fmt.Errorf("a file is sent or received, not %v", direction)
	}
	s := &FileTransferStream{selector: selector, direction: direction, folder: env.MSRP.Downloads}
	ids, err := msrp.NewIDs(env.Rand)
	if err != nil {
		return nil, err
	}
	s.transferID = ids.New() + ids.New()
	s.init(env, s)
	return s, nil
}

// RegisterFileTransfer makes message m-lines with a file welcome. They are asked before those of [RegisterChat].
func RegisterFileTransfer(r *Registry) {
	r.Add(Factory{
		Type: FileTransferType, Priority: 10,
		New: func(env *Environment) (MediaStream, error) {
			s, err := NewFileTransferStream(env, FileSelector{Size: NoSize}, callsdp.SendOnly)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		NewFromSDP: newFileFromSDP,
	})
}

// Type implements [MediaStream].
func (*FileTransferStream) Type() string { return FileTransferType }

// newFileFromSDP takes m=message lines with a file-selector.
func newFileFromSDP(env *Environment, remote *sdp.SessionDescription, index int) (MediaStream, error) {
	line, ok := lineAt(remote, index)
	if !ok || line.MediaName.Media != "message" {
		return nil, ErrUnknownStream
	}
	text, ok := value(line, "file-selector")
	if !ok {
		return nil, ErrUnknownStream
	}
	selector, err := ParseFileSelector(text)
	if err != nil {
		return nil, &InvalidStreamError{Reason: err.Error()}
	}
	direction := callsdp.Reverse(callsdp.Direction(line, remote))
	s, err := NewFileTransferStream(env, selector, direction)
	if err != nil {
		return nil, &InvalidStreamError{Reason: err.Error()}
	}
	if err := s.takeOffer(remote, line, index); err != nil {
		return nil, err
	}
	if id, ok := value(line, "file-transfer-id"); ok {
		s.transferID = id
	}
	return s, nil
}

// FileSelector is which file it is.
func (s *FileTransferStream) FileSelector() FileSelector {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.selector
}

// SetFileSelector chooses the file before Initialize: to be pushed, or, in answer to a pull, to be given out.
func (s *FileTransferStream) SetFileSelector(selector FileSelector) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != MSRPNull {
		return &IllegalStateError{Method: "SetFileSelector", State: string(s.state)}
	}
	s.selector = selector
	return nil
}

// SetDirection makes a stream that we offer a push (SendOnly) or a pull (RecvOnly), before Initialize.
func (s *FileTransferStream) SetDirection(direction sdp.Direction) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != MSRPNull || s.offer != nil {
		return &IllegalStateError{Method: "SetDirection", State: string(s.state)}
	}
	if direction != callsdp.SendOnly && direction != callsdp.RecvOnly {
		return fmt.Errorf("a file is sent or received, not %v", direction)
	}
	s.direction = direction
	return nil
}

// SaveIn chooses another folder than MSRPSettings.Downloads, before the start; "" saves nothing.
func (s *FileTransferStream) SaveIn(folder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folder = folder
}

// SaveTo has the octets written to w, in order, instead of a file. It is no proof that they are right: wait for
// FileTransferStreamDidFinish. Call it before the start.
func (s *FileTransferStream) SaveTo(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sink, s.folder = w, ""
}

// SavedAs is the name of the file in the folder, "" until it is whole.
func (s *FileTransferStream) SavedAs() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.savedAs
}

// Transferred is how many octets from the first on are through.
func (s *FileTransferStream) Transferred() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spans.Prefix()
}

var errNoContent = errors.New("file descriptor not specified")

func (s *FileTransferStream) prepareLocked(Direction) error {
	if s.direction == callsdp.SendOnly && s.selector.Content == nil {
		return errNoContent
	}
	if s.selector.Type == "" && s.direction == callsdp.SendOnly {
		s.selector.Type = "application/octet-stream"
	}
	return nil
}

func (s *FileTransferStream) describeLocked() description {
	return description{
		media: "message", acceptTypes: "*", wrappedTypes: "*", direction: s.direction, keepAlive: true,
		attributes: []sdp.Attribute{
			sdp.NewAttribute("file-selector", s.selector.String()), sdp.NewAttribute("file-transfer-id", s.transferID),
		},
	}
}

// negotiatedLocked learns from the answer what a file that we pull is like.
func (s *FileTransferStream) negotiatedLocked(_, remote *sdp.MediaDescription) error {
	if s.direction != callsdp.RecvOnly {
		return nil
	}
	if text, ok := value(remote, "file-selector"); ok {
		theirs, err := ParseFileSelector(text)
		if err != nil {
			return err
		}
		s.selector.merge(&theirs)
	}
	var err error
	s.incoming, err = newDownload(s.folder, s.transferIDForName(), s.selector.Hash)
	if err == nil {
		s.incoming.sink = s.sink
		go s.incoming.run() // endingLocked ends it
	}
	return err
}

// merge takes what the peer tells and we do not know.
func (f *FileSelector) merge(theirs *FileSelector) {
	if f.Name == "" {
		f.Name = theirs.Name
	}
	if f.Type == "" {
		f.Type = theirs.Type
	}
	if f.Size < 0 {
		f.Size = theirs.Size
	}
	if f.Hash == "" {
		f.Hash = theirs.Hash
	}
}

// transferIDForName is random and ours: the peer's id may be anything.
func (s *FileTransferStream) transferIDForName() string {
	return s.endpoint.Path()[len(s.endpoint.Path())-1].SessionID
}

func (s *FileTransferStream) endingLocked() {
	if s.incoming != nil {
		s.incoming.close()
		s.incoming = nil
	}
}

func (*FileTransferStream) await() {}

// endLocked closes what we send.
func (s *FileTransferStream) endLocked() {
	if closer, ok := s.selector.Content.(io.Closer); ok {
		_ = closer.Close()
	}
}

// Attribute reads an attribute by its seed name, for tools. A null attribute is nil.
func (s *FileTransferStream) Attribute(name string) (any, bool) {
	switch name {
	case "file_selector":
		f := s.FileSelector()
		var size any
		if f.Size >= 0 {
			size = f.Size
		}
		return map[string]any{"name": nullText(f.Name), "type": nullText(f.Type), "size": size, "hash": nullText(f.Hash)}, true
	case "transferred_bytes":
		return s.Transferred(), true
	case "cancelled":
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.cancelled, true
	case "saved_as":
		return nullText(s.SavedAs()), true
	}
	return s.attribute(name)
}
