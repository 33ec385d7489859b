package conferenceinfo

// ContentType is the media type of a conference document.
const ContentType = "application/conference-info+xml"

// Namespace is that of the elements.
const Namespace = "urn:ietf:params:xml:ns:conference-info"

// State says how an element changes what is known (RFC 4575 section 4.4).
type State string

// The states. Full is the default of the standard.
const (
	Full    State = "full"    // replaces what is known
	Partial State = "partial" // changes what it names
	Deleted State = "deleted" // is no more
)

// Document is a conference-info element. Texts that are missing are "".
type Document struct {
	Entity  string // URI of the conference
	State   State
	Version uint32

	Description   *Description // nil: the document does not say
	Host          *Host
	Conference    *ConferenceState
	UsersState    State // of the list; "" without one
	Users         []User
	SidebarsByRef []URI
	SidebarsByVal []Document
	sidebarsRef   bool // there is a list
	sidebarsVal   State
}

// Description is what the conference is about (section 5.3).
type Description struct {
	DisplayText, Subject, FreeText, Keywords string
	ConfURIs, ServiceURIs                    []URI
	MaximumUserCount                         int // 0: not said
	AvailableMedia                           []Media
}

// Host is who runs it (section 5.4).
type Host struct {
	DisplayText, WebPage string
	URIs                 []URI
}

// URI is one entry of a list of addresses.
type URI struct {
	URI, DisplayText, Purpose string
}

// ConferenceState is how the conference stands (section 5.5).
type ConferenceState struct {
	UserCount      int // 0: not said
	Active, Locked *bool
}

// User is one participant (section 5.6).
type User struct {
	Entity         string
	State          State
	DisplayText    string
	AssociatedAORs []URI
	Roles          []string
	Languages      string
	CascadedFocus  string
	Endpoints      []Endpoint
}

// Endpoint is one device of a participant (section 5.7).
type Endpoint struct {
	Entity              string
	State               State
	DisplayText         string
	Referred            *Execution
	Status              string // "connected", "on-hold", "disconnected", "pending" …
	JoiningMethod       string // "dialed-in", "dialed-out", "focus-owner"
	JoiningInfo         *Execution
	DisconnectionMethod string // "departed", "booted", "failed", "busy"
	DisconnectionInfo   *Execution
	Media               []Media
	CallInfo            *CallInfo
}

// Execution says when, why and by whom something was done.
type Execution struct{ When, Reason, By string }

// Media is one stream of an endpoint, or one that the conference offers
// (section 5.8).
type Media struct {
	ID          string // of an offered one: its label
	State       State
	DisplayText string
	Type        string // "audio", "message" …
	Label       string
	SrcID       string
	Status      string // "sendrecv", "sendonly" …
}

// CallInfo is the SIP dialog of an endpoint.
type CallInfo struct{ DisplayText, CallID, FromTag, ToTag string }
