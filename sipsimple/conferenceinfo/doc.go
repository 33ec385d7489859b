// Package conferenceinfo reads what a conference tells of itself: documents of
// type application/conference-info+xml (RFC 4575), and keeps the whole picture
// up to date from the partial ones.
//
//	doc, err := conferenceinfo.Parse(body)
//	result := picture.Apply(doc) // picture is a Picture, its zero value is empty
//	for _, user := range picture.Document().Users { … }
//
// Documents come from the network and are not trusted: size, depth and number
// of elements are bounded, document type definitions are refused, and nothing
// outside the document is ever looked at.
package conferenceinfo
