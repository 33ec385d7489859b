// Package sipserver is a small complete SIP server for the laboratory: a registrar (RFC 3261 section 10) and a
// transaction-stateful proxy (section 16) with digest authentication (RFC 7616, RFC 8760), parallel forking, Record-Route
// and hops of different transports (RFC 5658). It runs on what the middleware runs on, core/wire and core/transaction,
// over transport.Net: in virtual time as well as on sockets.
//
// It is a good server. What it should do wrong is told beforehand, request by request, in Config.Answers.
//
// Everything happens on one mailbox. New opens the sockets, Close ends everything. Bindings and Requests tell what has
// happened; both may be called at any time.
package sipserver
