package msrp

// Limits of an [Assembler], when it has none of its own.
const (
	DefaultMaxMessage = 1 << 20
	maxPartial        = 16   // messages in the making
	maxGaps           = 256  // ranges of one of them
	rememberedIDs     = 1024 // of messages that are complete
)

// Assembler puts messages together from chunks in any order (RFC 4975 section 7.3.1), each once. It holds what has come
// of unfinished messages and nothing for what was announced. The zero value is ready; it is for one goroutine.
type Assembler struct {
	MaxSize int64 // of a message, in octets; 0: 1 MiB

	partial map[string]*partial
	done    map[string]bool
	order   []string // of done, oldest first
	held    int64
}

type partial struct {
	contentType string
	data        []byte
	have        Spans
	ended       bool
	size        int64 // once ended
}

// Assembled is a whole message.
type Assembled struct {
	MessageID   string
	ContentType string
	Data        []byte
}

// Add takes a chunk. It returns the message that the chunk completes, if it does, and the code for the chunk: 413 for
// what is too much to be held, else 200.
func (a *Assembler) Add(c *Chunk) (*Assembled, int) {
	limit := a.MaxSize
	if limit == 0 {
		limit = DefaultMaxMessage
	}
	if a.done[c.MessageID] {
		return nil, 200
	}
	if c.Flag == Aborted {
		a.drop(c.MessageID)
		return nil, 200
	}
	p := a.partial[c.MessageID]
	if p == nil {
		if c.Range.Start == 1 && c.Flag == Complete && int64(len(c.Data)) <= limit { // the rule
			a.remember(c.MessageID)
			return &Assembled{c.MessageID, c.ContentType, append([]byte{}, c.Data...)}, 200
		}
		p = &partial{contentType: c.ContentType}
	}
	if max(c.Range.Start-1, c.Range.End, c.Range.Total) > limit || len(a.partial) >= maxPartial || p.have.Pieces() > maxGaps ||
		a.held+max(0, c.Range.End-int64(len(p.data))) > 4*limit {
		a.drop(c.MessageID)
		return nil, 413
	}
	a.put(p, c)
	if p.ended && p.have.Covers(1, p.size) {
		a.drop(c.MessageID)
		a.remember(c.MessageID)
		return &Assembled{c.MessageID, p.contentType, p.data[:p.size]}, 200
	}
	if a.partial == nil {
		a.partial = map[string]*partial{}
	}
	a.partial[c.MessageID] = p
	return nil, 200
}

// put copies the octets to their place; those that came last count.
func (a *Assembler) put(p *partial, c *Chunk) {
	if more := c.Range.End - int64(len(p.data)); more > 0 {
		p.data = append(p.data, make([]byte, more)...)
		a.held += more
	}
	copy(p.data[c.Range.Start-1:], c.Data)
	p.have.Add(c.Range.Start, c.Range.End)
	if c.Flag == Complete {
		p.ended, p.size = true, c.Range.End
	}
}

func (a *Assembler) drop(id string) {
	if p := a.partial[id]; p != nil {
		a.held -= int64(len(p.data))
		delete(a.partial, id)
	}
}

// remember keeps a message from being taken for a new one when it comes again.
func (a *Assembler) remember(id string) {
	if a.done == nil {
		a.done = map[string]bool{}
	}
	a.done[id] = true
	a.order = append(a.order, id)
	if len(a.order) > rememberedIDs {
		delete(a.done, a.order[0])
		a.order = a.order[1:]
	}
}
