package msrp

// SetSessionID gives an endpoint the session id of a message that was written down.
func (e *Endpoint) SetSessionID(id string) { e.own.SessionID = id }
