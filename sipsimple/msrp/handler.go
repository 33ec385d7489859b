package msrp

import "io"

// Chunk is a piece of a message that came in: a chunk of the peer, or 64 KiB at most of one. Data is valid only during
// the call that got it.
type Chunk struct {
	MessageID     string
	ContentType   string
	Range         ByteRange // of Data; Total as the peer said, or Unknown
	Data          []byte
	Flag          Continuation // of the last piece of a chunk; 0: more of the chunk follows
	SuccessReport bool
	FailureReport FailureReport

	fromPath string // where a REPORT goes
	later    []func()
}

// Later has f called, without a lock held, when the response and the reports for the chunk are queued: what f sets off, even
// an answer of the application's, comes behind them on the wire. Data is still valid then.
func (c *Chunk) Later(f func()) { c.later = append(c.later, f) }

// Report is a REPORT that came in (RFC 4975 section 7.1.2).
type Report struct {
	MessageID string
	Range     ByteRange
	Code      int
	Comment   string
}

// Handler gets what happens in a session. Its methods are called without a lock of the session held, from goroutines of
// the session; those about one direction one after another. They must not wait for the session to end.
type Handler interface {
	// ReceiveChunk gets the pieces of messages in the order in which they came, and returns the code for the
	// transaction: 200, or a refusal after which the rest of the chunk is thrown away.
	ReceiveChunk(*Chunk) int
	// ReceiveReport gets reports about our messages.
	ReceiveReport(Report)
	// MessageSent tells that the last octet of a message is on its way.
	MessageSent(id string)
	// MessageFailed tells, once per message, that a chunk was answered with another code than 200, or not within 30 s
	// (408, only if Failure-Report is yes). What is left of the message is not sent.
	MessageFailed(id string, code int, comment string)
	// Closed tells, once, that the connection is gone and we have not closed it. The error is io.EOF when the peer has
	// closed it properly.
	Closed(err error)
}

// Outgoing is a message to send.
type Outgoing struct {
	ID          string // Message-ID; "" for a new one
	ContentType string
	// Body is nil with Data. If it is an io.Closer it is closed when the message is given up or the session ends while it is
	// being read, which has to end a Read that waits for more.
	Body          io.Reader
	Data          []byte // the body, if it is there as a whole
	Size          int64  // of Body, Unknown if it shows only at its end
	SuccessReport bool
	FailureReport FailureReport
	// Bulk messages make room for others when a chunk is 64 KiB long. Others are sent one after another, in order.
	Bulk bool
}
