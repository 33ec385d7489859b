package streamtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// noted is a notification as it was when it came.
type noted struct {
	name   string
	sender any
	fields map[string]any
	at     time.Time
}

func (n noted) String() string { return fmt.Sprintf("%s %v", n.name, n.fields) }

// record is an observer that remembers.
type record struct {
	mu  sync.Mutex
	all []noted
}

// HandleNotification implements [notification.Observer].
func (r *record) HandleNotification(n notification.Notification) {
	entry := noted{n.Name, n.Sender, n.Fields(), time.Now()}
	if own, ok := notification.DataFields(n.Data)["timestamp"]; ok {
		entry.fields["timestamp"] = own // a stream that dates its notifications itself
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, entry)
}

func (r *record) list() []noted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// of lists what a stream has posted.
func (r *record) of(s streams.MediaStream) []noted {
	return slices.DeleteFunc(r.list(), func(n noted) bool { return n.sender != any(s) })
}

// names lists the names of what a stream has posted, without the prefix MediaStream.
func (r *record) names(s streams.MediaStream) []string {
	var names []string
	for _, n := range r.of(s) {
		names = append(names, strings.TrimPrefix(n.name, "MediaStream"))
	}
	return names
}

// count is how often a stream has posted some of the notifications of all streams.
func (r *record) count(s streams.MediaStream, names ...string) int {
	count := 0
	for _, name := range r.names(s) {
		if slices.Contains(names, name) {
			count++
		}
	}
	return count
}

// holds lists the hold-state notifications of a stream: those that are called so, by whatever type of stream.
func (r *record) holds(s streams.MediaStream) []noted {
	return slices.DeleteFunc(r.of(s), func(n noted) bool { return !strings.HasSuffix(n.name, "DidChangeHoldState") })
}
