package configuration

import "github.com/go-sipsimple/callflow/sipsimple/notification"

// Notifications of settings objects; the sender is the object, or whom it was
// made for ([ObjectConfig.Sender]). See application.md 4.3.
type (
	// CFGSettingsObjectWasActivated: the object is in use: it has been loaded,
	// or saved for the first time.
	CFGSettingsObjectWasActivated struct{}
	// CFGSettingsObjectWasCreated: the object has been saved for the first time.
	CFGSettingsObjectWasCreated struct{}
	// CFGSettingsObjectDidChange: settings have new values, which are not
	// written to the store yet.
	CFGSettingsObjectDidChange struct {
		Modified Modified `field:"modified"`
	}
	// CFGSettingsObjectWasDeleted: the object is gone.
	CFGSettingsObjectWasDeleted struct{}
)

// Notifications whose sender is the [Manager].
type (
	// CFGManagerLoadFailed: a stored value is not accepted; the default is used.
	CFGManagerLoadFailed struct {
		Attribute string `field:"attribute"` // name of the setting, such as udp_port
		Container string `field:"container"` // where it is, such as SIPSimpleSettings.sip
		Error     error  `field:"error"`     // a *ValueError
	}
	// CFGManagerSaveFailed: the backend could not save. What was announced
	// before stands; it is saved with the next change.
	CFGManagerSaveFailed struct {
		Object    any       `field:"object"`        // the sender of the notification before
		Operation Operation `field:"operation"`     // save or delete
		Modified  Modified  `field:"modified,omit"` // of a changed object
		Exception error     `field:"exception"`     // what the backend said
	}
)

// NotificationName implements notification.Data.
func (CFGSettingsObjectWasActivated) NotificationName() string {
	return "CFGSettingsObjectWasActivated"
}

// NotificationName implements notification.Data.
func (CFGSettingsObjectWasCreated) NotificationName() string { return "CFGSettingsObjectWasCreated" }

// NotificationName implements notification.Data.
func (CFGSettingsObjectDidChange) NotificationName() string { return "CFGSettingsObjectDidChange" }

// NotificationName implements notification.Data.
func (CFGSettingsObjectWasDeleted) NotificationName() string { return "CFGSettingsObjectWasDeleted" }

// NotificationName implements notification.Data.
func (CFGManagerLoadFailed) NotificationName() string { return "CFGManagerLoadFailed" }

// NotificationName implements notification.Data.
func (CFGManagerSaveFailed) NotificationName() string { return "CFGManagerSaveFailed" }

// Notifications are zero values of all notifications of this package.
func Notifications() []notification.Data {
	return []notification.Data{
		CFGSettingsObjectWasActivated{}, CFGSettingsObjectWasCreated{}, CFGSettingsObjectDidChange{},
		CFGSettingsObjectWasDeleted{}, CFGManagerLoadFailed{}, CFGManagerSaveFailed{},
	}
}

// Operation is what the backend could not do.
type Operation string

// The operations.
const (
	OperationSave   Operation = "save"
	OperationDelete Operation = "delete"
)

// IDPath is the path of the id of a renamed object in [Modified].
const IDPath = "__id__"

// Modified are changed settings by dotted path, such as sip.outbound_proxy.
type Modified map[string]Change

// Change is the value of a setting before and after: a T for a Setting[T] and a
// Nillable[T], nil for null. They are equal when the default was assigned to a
// setting that had no value of its own, or the reverse.
type Change struct{ Old, New any }

// Has says whether one of the settings changed.
func (m Modified) Has(paths ...string) bool {
	for _, path := range paths {
		if _, ok := m[path]; ok {
			return true
		}
	}
	return false
}

// FieldValue is the value of the attribute modified: a map of maps.
func (m Modified) FieldValue() any {
	fields := make(map[string]any, len(m))
	for path, change := range m {
		fields[path] = map[string]any{"old": change.Old, "new": change.New}
	}
	return fields
}
