package streams

import (
	"errors"
	"fmt"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// Notifications of [FileTransferStream].
type (
	// FileTransferStreamDidDeliverChunk: the peer has some more of the file.
	FileTransferStreamDidDeliverChunk struct {
		MessageID   string      `field:"message_id"`
		Chunk       MSRPMessage `field:"chunk"`
		Code        int         `field:"code"`
		Reason      string      `field:"reason"`
		Transferred int64       `field:"transferred_bytes"`
		FileSize    int64       `field:"file_size"`
	}
	// FileTransferStreamDidNotDeliverChunk: the peer has refused some of it, or it got lost (408).
	FileTransferStreamDidNotDeliverChunk struct {
		MessageID string      `field:"message_id"`
		Chunk     MSRPMessage `field:"chunk"`
		Code      int         `field:"code"`
		Reason    string      `field:"reason"`
	}
	// FileTransferStreamGotChunk: some more of the file is here.
	FileTransferStreamGotChunk struct {
		Content     []byte `field:"content,null"` // null if the file is saved or written elsewhere
		ContentType string `field:"content_type"`
		Transferred int64  `field:"transferred_bytes"`
		FileSize    int64  `field:"file_size"`
	}
	// FileTransferStreamDidFinish: all of it is through, and right.
	FileTransferStreamDidFinish struct{}
)

func (FileTransferStreamDidDeliverChunk) NotificationName() string {
	return "FileTransferStreamDidDeliverChunk"
}
func (FileTransferStreamDidNotDeliverChunk) NotificationName() string {
	return "FileTransferStreamDidNotDeliverChunk"
}
func (FileTransferStreamGotChunk) NotificationName() string  { return "FileTransferStreamGotChunk" }
func (FileTransferStreamDidFinish) NotificationName() string { return "FileTransferStreamDidFinish" }

// paceEvery is after how many notifications the transfer waits for the observers: they must not pile up.
const paceEvery = 32

func (s *FileTransferStream) startedLocked() {
	if s.direction != callsdp.SendOnly {
		return
	}
	size := s.selector.Size
	if size < 0 {
		size = msrp.Unknown
	}
	s.outgoing = s.session.Send(msrp.Outgoing{
		ContentType: s.selector.Type, Body: s.selector.Content, Size: size, SuccessReport: true, Bulk: true,
	})
}

// MessageSent implements msrp.Handler.
func (*FileTransferStream) MessageSent(string) {}

// MessageFailed implements msrp.Handler: the rest of the file is not sent.
func (s *FileTransferStream) MessageFailed(id string, code int, comment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notDeliveredLocked(id, code, comment)
}

func (s *FileTransferStream) notDeliveredLocked(id string, code int, reason string) {
	if s.state != MSRPStarted || s.cancelled {
		return
	}
	s.env.Center.Post(s, FileTransferStreamDidNotDeliverChunk{id, s.chunkInfo(id), code, reason})
}

func (s *FileTransferStream) chunkInfo(id string) MSRPMessage {
	return MSRPMessage{MessageID: id, ContentType: s.selector.Type, Size: s.selector.Size}
}

// ReceiveReport implements msrp.Handler.
func (s *FileTransferStream) ReceiveReport(r msrp.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.MessageID != s.outgoing || s.state != MSRPStarted || s.cancelled {
		return
	}
	if r.Code != 200 {
		s.notDeliveredLocked(r.MessageID, r.Code, r.Comment)
		s.session.Cancel(r.MessageID)
		return
	}
	total := s.selector.Size
	if total < 0 {
		total = r.Range.Total
	}
	end := r.Range.End
	if end == msrp.Unknown {
		end = total
	}
	s.spans.Add(r.Range.Start, end)
	s.postLocked(FileTransferStreamDidDeliverChunk{r.MessageID, s.chunkInfo(r.MessageID), r.Code, r.Comment, end, total})
	if s.spans.Covers(1, total) && total >= 0 {
		s.finishLocked()
	}
}

// Cancel gives the transfer up; nothing happens unless one is under way. Who sends ends its chunk with "#", which fails
// the stream at the other end; who receives answers with 413 from now on, removes what it has, and the sender gets
// FileTransferStreamDidNotDeliverChunk. Neither side finishes. The stream is left to be removed.
func (s *FileTransferStream) Cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != MSRPStarted || s.finished || s.cancelled {
		return
	}
	s.cancelled = true
	if s.direction == callsdp.SendOnly {
		s.session.Cancel(s.outgoing)
		return
	}
	s.endingLocked()
}

func (s *FileTransferStream) finishLocked() {
	if !s.finished && s.state == MSRPStarted {
		s.finished = true
		s.env.Center.Post(s, FileTransferStreamDidFinish{})
	}
}

// postLocked posts one of many notifications. Now and then it waits until those of the time before have reached the
// observers; the lock is not held meanwhile.
func (s *FileTransferStream) postLocked(data notification.Data) {
	s.env.Center.Post(s, data)
	if s.paced++; s.paced%paceEvery != 0 {
		return
	}
	before, next := s.delivered, make(chan struct{})
	s.delivered = next
	ctx, center := s.ctx, s.env.Center
	go func() {
		_ = center.Flush(ctx) // it ends early only when the stream does
		close(next)
	}()
	if before != nil {
		s.mu.Unlock()
		<-before
		s.mu.Lock()
	}
}

// ReceiveChunk implements msrp.Handler.
func (s *FileTransferStream) ReceiveChunk(c *msrp.Chunk) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state != MSRPStarted:
		return 200
	case s.cancelled:
		return 413
	case s.direction == callsdp.SendOnly:
		s.session.Report(c, 413, "")
		return 200
	case sameType(c.ContentType, cpim.ContentType):
		s.session.Report(c, 415, "")
		s.failLocked("reading", errors.New("files wrapped in CPIM are not supported"))
		return 200
	case s.finished:
		s.session.Report(c, 200, "")
		return 200
	case s.incomingID != "" && c.MessageID != s.incomingID:
		return 413 // there is one file
	}
	s.incomingID = c.MessageID
	if code, err := s.takeLocked(c); err != nil {
		s.failLocked("reading", err)
		return code
	}
	return 200
}

// takeLocked writes the octets of a chunk, reports and tells of them.
func (s *FileTransferStream) takeLocked(c *msrp.Chunk) (int, error) {
	size := s.selector.Size
	if size >= 0 && max(c.Range.End, c.Range.Total) > size {
		return 413, fmt.Errorf("more than the %d octets announced", size)
	}
	if c.Flag == msrp.Aborted && s.deactivated {
		return 200, nil // the stream is being removed, at the other end too
	}
	if c.Flag == msrp.Aborted {
		return 200, errors.New("the peer has aborted the transfer")
	}
	if err := s.incoming.write(c.Range.Start-1, c.Data); err != nil {
		return 413, fmt.Errorf("saving the file: %w", err)
	}
	s.spans.Add(c.Range.Start, c.Range.End)
	if size < 0 && c.Flag == msrp.Complete {
		size = c.Range.End
	}
	complete := size >= 0 && s.spans.Covers(1, size) && (c.Flag == msrp.Complete || size > 0)
	switch {
	case complete:
		if err := s.incoming.finish(size, s.selector.Name); err != nil {
			return 400, err
		}
		s.savedAs = s.incoming.name
	case c.Flag == msrp.Complete:
		return 400, fmt.Errorf("%d of %d octets", c.Range.End, size)
	case s.spans.Pieces() > 1000:
		return 413, errors.New("too many gaps in the file")
	}
	s.session.Report(c, 200, "")
	c.Later(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gotLocked(c, size)
		if complete {
			s.finishLocked()
		}
	})
	return 200, nil
}

func (s *FileTransferStream) gotLocked(c *msrp.Chunk, size int64) {
	if len(c.Data) == 0 || s.state != MSRPStarted {
		return
	}
	var content []byte // in memory only if it is nowhere else
	if s.folder == "" && s.sink == nil {
		content = append(content, c.Data...)
	}
	if size < 0 {
		size = c.Range.Total
	}
	s.postLocked(FileTransferStreamGotChunk{content, c.ContentType, c.Range.End, size})
}
