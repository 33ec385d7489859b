package conferenceinfo

import (
	"errors"
	"fmt"
	"strconv"
)

// Parse reads a document. An error means that it is not one: malformed, of
// another kind, without entity, or beyond the bounds. What the standard does
// not know is skipped.
func Parse(data []byte) (*Document, error) {
	root, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("conference document: %w", err)
	}
	if root.name != "conference-info" {
		return nil, errors.New("conference document: the root is not conference-info")
	}
	d := documentOf(root)
	if d.Entity == "" {
		return nil, errors.New("conference document: no entity")
	}
	return &d, nil
}

func documentOf(e *element) Document {
	d := Document{Entity: e.attribute("entity"), State: e.state()}
	version, _ := strconv.ParseUint(e.attribute("version"), 10, 32)
	d.Version = uint32(version)
	if c := e.child("conference-description"); c != nil {
		d.Description = descriptionOf(c)
	}
	if c := e.child("host-info"); c != nil {
		d.Host = &Host{DisplayText: c.value("display-text"), WebPage: c.value("web-page"), URIs: urisOf(c.child("uris"))}
	}
	if c := e.child("conference-state"); c != nil {
		d.Conference = &ConferenceState{UserCount: number(c.value("user-count")), Active: truth(c.child("active")), Locked: truth(c.child("locked"))}
	}
	if c := e.child("users"); c != nil {
		d.UsersState = c.state()
		for _, user := range c.all("user") {
			d.Users = append(d.Users, userOf(user))
		}
	}
	if c := e.child("sidebars-by-ref"); c != nil {
		d.sidebarsRef, d.SidebarsByRef = true, urisOf(c)
	}
	if c := e.child("sidebars-by-val"); c != nil {
		d.sidebarsVal = c.state()
		for _, entry := range c.all("entry") {
			d.SidebarsByVal = append(d.SidebarsByVal, documentOf(entry))
		}
	}
	return d
}

func descriptionOf(e *element) *Description {
	d := &Description{
		DisplayText: e.value("display-text"), Subject: e.value("subject"), FreeText: e.value("free-text"), Keywords: e.value("keywords"),
		ConfURIs: urisOf(e.child("conf-uris")), ServiceURIs: urisOf(e.child("service-uris")),
		MaximumUserCount: number(e.value("maximum-user-count")),
	}
	for _, entry := range e.child("available-media").all("entry") {
		m := mediaOf(entry)
		m.ID, m.Label = entry.attribute("label"), entry.attribute("label")
		d.AvailableMedia = append(d.AvailableMedia, m)
	}
	return d
}

func urisOf(e *element) []URI {
	var list []URI
	for _, entry := range e.all("entry") {
		list = append(list, URI{URI: entry.value("uri"), DisplayText: entry.value("display-text"), Purpose: entry.value("purpose")})
	}
	return list
}

func userOf(e *element) User {
	u := User{
		Entity: e.attribute("entity"), State: e.state(), DisplayText: e.value("display-text"),
		AssociatedAORs: urisOf(e.child("associated-aors")), Languages: e.value("languages"), CascadedFocus: e.value("cascaded-focus"),
	}
	for _, role := range e.child("roles").all("entry") {
		u.Roles = append(u.Roles, role.content())
	}
	for _, endpoint := range e.all("endpoint") {
		u.Endpoints = append(u.Endpoints, endpointOf(endpoint))
	}
	return u
}

func endpointOf(e *element) Endpoint {
	p := Endpoint{
		Entity: e.attribute("entity"), State: e.state(), DisplayText: e.value("display-text"), Referred: executionOf(e.child("referred")),
		Status: e.value("status"), JoiningMethod: e.value("joining-method"), JoiningInfo: executionOf(e.child("joining-info")),
		DisconnectionMethod: e.value("disconnection-method"), DisconnectionInfo: executionOf(e.child("disconnection-info")),
	}
	for _, media := range e.all("media") {
		p.Media = append(p.Media, mediaOf(media))
	}
	if call := e.child("call-info").child("sip"); call != nil {
		p.CallInfo = &CallInfo{
			DisplayText: call.value("display-text"), CallID: call.value("call-id"), FromTag: call.value("from-tag"), ToTag: call.value("to-tag"),
		}
	}
	return p
}

func executionOf(e *element) *Execution {
	if e == nil {
		return nil
	}
	return &Execution{When: e.value("when"), Reason: e.value("reason"), By: e.value("by")}
}

func mediaOf(e *element) Media {
	return Media{
		ID: e.attribute("id"), State: e.state(), DisplayText: e.value("display-text"), Type: e.value("type"),
		Label: e.value("label"), SrcID: e.value("src-id"), Status: e.value("status"),
	}
}

// number reads a count, 0 if it is none.
func number(text string) int {
	n, _ := strconv.ParseUint(text, 10, 31)
	return int(n)
}

// truth reads an xs:boolean, nil if it is none.
func truth(e *element) *bool {
	switch e.content() {
	case "true", "1":
		return new(true)
	case "false", "0":
		return new(false)
	}
	return nil
}
