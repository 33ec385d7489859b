// Package daemon runs servers that others have written, for the duration of a
// test: Kamailio as registrar and proxy, coturn as STUN server. Each has a
// folder of its own with a configuration written for it, listens where it is
// told, and ends with [Kamailio.Close] or [Coturn.Close], or with this process.
//
//	k, err := daemon.StartKamailio(daemon.KamailioConfig{
//		Name: "reg", UDP: addr, Registrar: true, Users: map[string]string{"alice": "secret"},
//	})
//	if errors.Is(err, daemon.ErrAbsent) { ... } // the program is not installed
//	defer k.Close()
//
// It needs a Unix shell.
package daemon
