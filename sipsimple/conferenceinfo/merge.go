package conferenceinfo

import "slices"

// Result says what a document did to a picture.
type Result int

// The results of [Picture.Apply].
const (
	Applied Result = iota // the picture is what the document says
	Old                   // the document was older than the picture and is ignored
	Gap                   // documents between it and the picture are missing: ask for the full state
)

// Picture is all that is known of one conference. Its zero value knows nothing.
type Picture struct{ current *Document }

// Document is the whole picture, with State Full, or Deleted when the conference
// is over; nil before anything is known. It is never changed afterwards.
func (p *Picture) Document() *Document { return p.current }

// Apply takes a document into the picture (RFC 4575 section 4.4). A full one
// replaces it whatever its version; a partial one must be the next version.
func (p *Picture) Apply(d *Document) Result {
	switch {
	case d.State != Partial:
		p.current = whole(*d)
	case p.current == nil:
		return Gap
	case d.Version <= p.current.Version:
		return Old
	case d.Version != p.current.Version+1:
		return Gap
	default:
		p.current = merged(*p.current, *d)
	}
	return Applied
}

// whole is a document that does not build on anything.
func whole(d Document) *Document {
	if d.State == Deleted {
		return &Document{Entity: d.Entity, State: Deleted, Version: d.Version}
	}
	return merged(Document{}, d)
}

// merged is old with the changes of d. It shares no list with old that it
// changes.
func merged(old, d Document) *Document {
	old.Entity, old.Version, old.State = d.Entity, d.Version, Full
	if d.Description != nil {
		old.Description = d.Description
	}
	if d.Host != nil {
		old.Host = d.Host
	}
	if d.Conference != nil {
		old.Conference = d.Conference
	}
	if d.UsersState != "" {
		old.Users = mergeList(old.Users, d.Users, d.UsersState, userKey, mergedUser)
		old.UsersState = Full
	}
	if d.sidebarsRef {
		old.SidebarsByRef = d.SidebarsByRef
	}
	if d.sidebarsVal != "" {
		old.SidebarsByVal = mergeList(old.SidebarsByVal, d.SidebarsByVal, d.sidebarsVal, sidebarKey, mergedSidebar)
	}
	return &old
}

func sidebarKey(d Document) (string, State)       { return d.Entity, d.State }
func mergedSidebar(old, change Document) Document { return *merged(old, change) }

// mergeList brings a list up to date: a full one replaces it, a partial one
// changes the elements that it names, in place, and adds the others at the end.
func mergeList[T any](old, changes []T, state State, key func(T) (string, State), merge func(old, change T) T) []T {
	switch state {
	case Deleted:
		return nil
	case Full:
		old = nil
	}
	list := slices.Clone(old)
	for _, change := range changes {
		name, state := key(change)
		i := slices.IndexFunc(list, func(x T) bool { n, _ := key(x); return n == name })
		var before T
		if i >= 0 && state == Partial {
			before = list[i]
		}
		switch {
		case state == Deleted && i >= 0:
			list = slices.Delete(list, i, i+1)
		case state == Deleted:
		case i >= 0:
			list[i] = merge(before, change)
		default:
			list = append(list, merge(before, change))
		}
	}
	return list
}

func userKey(u User) (string, State)         { return u.Entity, u.State }
func endpointKey(e Endpoint) (string, State) { return e.Entity, e.State }
func mediaKey(m Media) (string, State)       { return m.ID, m.State }

func mergedUser(old, change User) User {
	old.Entity, old.State = change.Entity, Full
	replace(&old.DisplayText, change.DisplayText)
	replace(&old.Languages, change.Languages)
	replace(&old.CascadedFocus, change.CascadedFocus)
	if change.AssociatedAORs != nil {
		old.AssociatedAORs = change.AssociatedAORs
	}
	if change.Roles != nil {
		old.Roles = change.Roles
	}
	old.Endpoints = mergeList(old.Endpoints, change.Endpoints, Partial, endpointKey, mergedEndpoint)
	return old
}

func mergedEndpoint(old, change Endpoint) Endpoint {
	old.Entity, old.State = change.Entity, Full
	replace(&old.DisplayText, change.DisplayText)
	replace(&old.Status, change.Status)
	replace(&old.JoiningMethod, change.JoiningMethod)
	replace(&old.DisconnectionMethod, change.DisconnectionMethod)
	replace(&old.Referred, change.Referred)
	replace(&old.JoiningInfo, change.JoiningInfo)
	replace(&old.DisconnectionInfo, change.DisconnectionInfo)
	replace(&old.CallInfo, change.CallInfo)
	old.Media = mergeList(old.Media, change.Media, Partial, mediaKey, mergedMedia)
	return old
}

func mergedMedia(old, change Media) Media {
	old.ID, old.State = change.ID, Full
	replace(&old.DisplayText, change.DisplayText)
	replace(&old.Type, change.Type)
	replace(&old.Label, change.Label)
	replace(&old.SrcID, change.SrcID)
	replace(&old.Status, change.Status)
	return old
}

// replace takes a value that the change has.
func replace[T comparable](old *T, change T) {
	var zero T
	if change != zero {
		*old = change
	}
}
