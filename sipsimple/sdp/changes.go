package sdp

import "github.com/pion/sdp/v3"

// Changes is what a new offer changes in the lines of a session, by index.
type Changes struct {
	Added   []int // alive, new or in a slot that was dead
	Removed []int // dead, was alive
	Retyped []int // alive as before, with another media type
	Kept    []int // alive as before
	Missing bool  // fewer lines than before (RFC 3264 section 8 forbids it)
}

// Compare tells what an offer changes in the active description of the same
// side.
func Compare(active, offer *sdp.SessionDescription) Changes {
	var c Changes
	before := active.MediaDescriptions
	c.Missing = len(offer.MediaDescriptions) < len(before)
	for i, line := range offer.MediaDescriptions {
		was := i < len(before) && Alive(before[i])
		switch is := Alive(line); {
		case is && !was:
			c.Added = append(c.Added, i)
		case was && !is:
			c.Removed = append(c.Removed, i)
		case is && line.MediaName.Media != before[i].MediaName.Media:
			c.Retyped = append(c.Retyped, i)
		case is:
			c.Kept = append(c.Kept, i)
		}
	}
	return c
}
