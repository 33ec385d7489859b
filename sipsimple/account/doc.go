// Package account is who the user is: accounts and their manager, registration
// (RFC 3261 section 10), message waiting (RFC 3842), presence publication (RFC
// 3903), the documents of the user (RFC 4825), and the account of the local
// network.
//
// An [Account] is one identity. It comes from the configuration, by way of a
// [Manager], with settings, registration and message waiting; or it is a plain
// value that a program fills in, which identifies its owner and no more:
//
//	alice := &account.Account{ID: "alice@example.org", Password: "secret"}
//
// A [Manager] loads the accounts of a configuration, starts and stops them with
// the application, knows the default account and finds the account that a
// request is for. What happens to accounts is told by notifications with the
// account as sender: SIPAccountWillRegister and so on.
//
// All accounts of a manager share one executor, so that what they do has one
// order. Registration, message waiting and publication are pure machines
// (registrar.go, voicemail.go, publisher.go); registering.go, watching.go and
// publishing.go are their surroundings.
package account
