// Package configuration holds the settings of the middleware: typed, validated,
// announced when they change, and saved (application.md 4).
//
// A [Manager] loads the configuration from a storage. [NewGeneral], [NewAccount]
// and [NewBonjour] make settings objects from it; [NewObject] lets an
// application add its own. A setting is read with Get and changed in an Update:
//
//	manager := configuration.NewManager(center, nil)
//	if err := manager.Start(storage.NewFile(dir)); err != nil { ... } // names file, line and setting
//	general, err := configuration.NewGeneral(manager, nil)
//	err = general.Activate(ctx)
//	port := general.SIP.UDPPort.Get()
//	err = general.Update(func(d *configuration.Draft) error {
//		general.SIP.UDPPort.Set(d, 5060)
//		general.Audio.AlertDevice.SetNull(d)
//		general.RTP.Timeout.Reset(d)
//		return nil
//	})
//
// An update is one transaction: either all values are accepted, and count at
// once, or none. Then observers hear CFGSettingsObjectDidChange with the old and
// new values, and after them the storage writes: in the background, one update
// after the other.
//
// Only what differs from its default is stored, and what was assigned
// explicitly. Settings that the middleware does not know stay where they are. A
// stored value that is not accepted is announced (CFGManagerLoadFailed), its
// default is used, and it stays in the store until that object is saved.
//
// Passwords are a [Secret]. They are in no error, log line or notification text.
package configuration
