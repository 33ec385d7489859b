package storage

import "errors"

// Storage gives the components of the middleware their backends (seed:
// ISIPSimpleStorage). Both methods may be called from any goroutine.
//
// A storage that also is an [io.Closer] is closed by the application when
// nothing of it runs any more, and by a start that failed; it may be used, and
// started with, again.
type Storage interface {
	// ConfigurationBackend is where the configuration is kept (seed:
	// configuration_backend). It is the same at every call.
	ConfigurationBackend() ConfigurationBackend
	// XCAPStorageFactory makes the document store of an account (seed:
	// xcap_storage_factory).
	XCAPStorageFactory() XCAPStorageFactory
}

// ConfigurationBackend keeps one [Tree]. Load is called once at start, Save once
// for every settings object that changed, never both at once.
//
// A backend that can say where in a file a setting stands implements [Locator].
type ConfigurationBackend interface {
	// Load returns what was saved last, an empty tree at first.
	Load() (Tree, error)
	// Save keeps all of tree, in place of what was there. It must not change
	// tree, and may keep it: nobody changes it later.
	Save(tree Tree) error
}

// Locator says where the settings of the last Load stand.
type Locator interface {
	// Locate returns the place of the setting or group at path, and false when
	// it was not loaded.
	Locate(path ...string) (Place, bool)
}

// Place is a place in a file. Line and Column count from 1.
type Place struct {
	File         string
	Line, Column int
}

// XCAPStorageFactory returns the document store of an account. It is called
// once for each account, with its id, such as alice@example.org.
type XCAPStorageFactory func(accountID string) (XCAPStorage, error)

// XCAPStorage keeps the XCAP documents of one account, by name: "pres-rules",
// "resource-lists" (RFC 4825). Its methods may be called from any goroutine.
type XCAPStorage interface {
	// Load returns a copy of a document. The error of one that is not there
	// matches [io/fs.ErrNotExist].
	Load(name string) ([]byte, error)
	// Save replaces a document.
	Save(name string, data []byte) error
	// Delete removes a document; one that is not there is no error.
	Delete(name string) error
	// Purge removes all documents of the account, also those of earlier runs.
	Purge() error
}

// Check says what a storage lacks that an application needs, nil for a good one.
func Check(s Storage) error {
	switch {
	case s == nil:
		return errors.New("storage: there is none (nil)")
	case s.ConfigurationBackend() == nil:
		return errors.New("storage: it has no configuration backend (nil)")
	case s.XCAPStorageFactory() == nil:
		return errors.New("storage: it has no XCAP storage factory (nil)")
	}
	return nil
}
