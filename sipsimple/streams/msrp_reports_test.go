package streams_test

import (
	"fmt"
	"slices"
	"sync"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// reports is the handler of a scripted peer that writes down what it is told.
type reports struct {
	mu  sync.Mutex
	log []string
}

func (r *reports) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, fmt.Sprintf(format, args...))
}

func (r *reports) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

func (r *reports) ReceiveChunk(c *msrp.Chunk) int             { r.note("got %d", len(c.Data)); return 200 }
func (r *reports) ReceiveReport(p msrp.Report)                { r.note("report %d", p.Code) }
func (r *reports) MessageSent(string)                         {}
func (r *reports) MessageFailed(_ string, code int, _ string) { r.note("failed %d", code) }
func (r *reports) Closed(error)                               { r.note("closed") }
