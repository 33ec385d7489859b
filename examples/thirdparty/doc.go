// Package thirdparty is an example of a media stream from outside of the middleware: text as it is typed, over RTP
// (RFC 4103), with an m-line of its own:
//
//	m=text 51000 RTP/AVP 98
//	a=rtpmap:98 t140/1000
//
// It is written against exported packages only. [Register] makes it known to an application; its tests run the contract
// of streams (package streamtest) and play a scenario that negotiates it by name. docs/streams.md explains it line by line.
package thirdparty
