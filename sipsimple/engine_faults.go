package sipsimple

import "fmt"

// SIPEngineGotException: something in the SIP stack has failed that must not
// (application.md 13.1), in an application with storage. A fault in the handling
// of one call fails that call only. When a socket that calls come by is gone,
// SIPEngineDidFail follows, and the application ends. The sender is the
// [core.Engine].
type SIPEngineGotException struct {
	Type      string `field:"type"` // of what was thrown
	Value     string `field:"value"`
	Traceback string `field:"traceback"` // "" if it was not thrown
}

// NotificationName implements [notification.Data].
func (SIPEngineGotException) NotificationName() string { return "SIPEngineGotException" }

// engineFault posts a fault that the engine has survived.
func (p *parts) engineFault(cause any, stack string) {
	if engine := p.app.Engine(); engine != nil {
		p.postEngine(engine, SIPEngineGotException{Type: fmt.Sprintf("%T", cause), Value: fmt.Sprint(cause), Traceback: stack})
	}
}

// engineLost ends the application: nothing comes by one of its transports any
// more, and nobody would notice.
func (p *parts) engineLost(transport string, err error) {
	a := p.app
	fatal := fmt.Errorf("engine: %s socket is gone: %w", transport, err)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.phase != startingUp && a.phase != running {
		return
	}
	a.fatal = fatal
	if engine := a.Engine(); engine != nil {
		p.postEngine(engine, SIPEngineGotException{Type: fmt.Sprintf("%T", err), Value: fatal.Error()}, SIPEngineDidFail{})
	}
	a.stopLocked()
}
