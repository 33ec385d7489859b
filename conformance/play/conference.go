package play

import (
	"strconv"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/conferenceinfo"
)

// conferenceValue is a conference document as a value: its attributes, and its
// users as a list in which each goes by its URI, by its display text and by both
// with the states of its endpoints.
func conferenceValue(d *conferenceinfo.Document) any {
	if d == nil {
		return nil
	}
	users := make([]any, len(d.Users))
	for i, u := range d.Users {
		users[i] = userValue(u)
	}
	value := map[string]any{
		"entity": d.Entity, "state": string(d.State), "version": strconv.FormatUint(uint64(d.Version), 10), "users": users,
	}
	if d.Description != nil {
		value["display_text"], value["subject"] = d.Description.DisplayText, d.Description.Subject
	}
	if d.Conference != nil {
		value["user_count"] = d.Conference.UserCount
	}
	return value
}

// headerValues are the headers of a message as a value.
func headerValues(headers sipsimple.Headers) any {
	value := map[string]any{}
	for name, text := range headers {
		value[name] = text
	}
	return value
}

// userValue implements [match.Named].
type userValue conferenceinfo.User

func (u userValue) Names() []string {
	names := []string{u.Entity}
	if u.DisplayText != "" {
		names = append(names, u.DisplayText)
	}
	for _, e := range u.Endpoints {
		if e.Status != "" {
			names = append(names, u.Entity+" "+e.Status)
		}
	}
	return names
}
