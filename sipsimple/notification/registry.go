package notification

import (
	"maps"
	"reflect"
	"slices"
)

// registry is who has registered, found by sender: most registrations are for
// the stream or session of one call, and what happens in another is none of their
// business. Its lists are replaced when something is taken out of them, so that a
// delivery under way keeps those it has begun with.
type registry struct {
	made    uint64            // registrations so far
	general []*Handle         // for others than certain senders, too
	certain map[any][]*Handle // for certain senders
	most    int               // senders that the map has had room for
}

// add enters a registration behind all others.
func (r *registry) add(h *Handle) {
	r.made++
	h.number = r.made
	if !h.certain() {
		r.general = append(r.general, h)
		return
	}
	if r.certain == nil {
		r.certain = map[any][]*Handle{}
	}
	for s := range h.senders {
		r.certain[s] = append(r.certain[s], h)
	}
	r.most = max(r.most, len(r.certain))
}

func (r *registry) remove(h *Handle) {
	if !h.certain() {
		r.general = without(r.general, h)
		return
	}
	for s := range h.senders {
		if left := without(r.certain[s], h); len(left) > 0 {
			r.certain[s] = left
		} else {
			delete(r.certain, s)
		}
	}
	r.shrink()
}

// shrink makes a smaller map when most senders have gone: a map keeps its memory.
func (r *registry) shrink() {
	const least, part = 64, 8
	if r.most < least || len(r.certain) > r.most/part {
		return
	}
	smaller := make(map[any][]*Handle, len(r.certain))
	maps.Copy(smaller, r.certain)
	r.certain, r.most = smaller, len(smaller)
}

// without is a new list.
func without(list []*Handle, h *Handle) []*Handle {
	if len(list) == 1 && list[0] == h {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(list), func(other *Handle) bool { return other == h })
}

// of are the registrations that a notification of a sender may be for: two lists,
// each in the order of registration.
func (r *registry) of(sender any) (general, certain []*Handle) {
	general = slices.Clip(r.general)
	if len(r.certain) > 0 && isKey(sender) {
		certain = slices.Clip(r.certain[sender])
	}
	return general, certain
}

// next takes the earlier of two lists' first registrations, nil from empty ones.
func next(a, b *[]*Handle) *Handle {
	if len(*a) == 0 || len(*b) > 0 && (*b)[0].number < (*a)[0].number {
		a = b
	}
	if len(*a) == 0 {
		return nil
	}
	first := (*a)[0]
	*a = (*a)[1:]
	return first
}

// certain says whether the registration is for certain senders only.
func (h *Handle) certain() bool {
	return len(h.filters) > 0 && !slices.ContainsFunc(h.filters, func(f Filter) bool { return !isKey(f.Sender) })
}

// senders yields those that the registration is for, each once.
func (h *Handle) senders(yield func(any) bool) {
	for i, f := range h.filters {
		before := func(other Filter) bool { return other.Sender == f.Sender }
		if !slices.ContainsFunc(h.filters[:i], before) && !yield(f.Sender) {
			return
		}
	}
}

// isKey tells whether a sender can be a key of a map.
func isKey(sender any) bool { return sender != nil && reflect.ValueOf(sender).Comparable() }
