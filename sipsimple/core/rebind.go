package core

import (
	"crypto/tls"
	"fmt"
	"time"
)

// rebinder is a carrier whose listeners can change.
type rebinder interface {
	SetTLS(*tls.Config)
	SetTLSTimeout(time.Duration)
	SetServer(string)
	SetPort(transport string, port int) error
}

// SetPort moves the listener of "udp", "tcp" or "tls" to another port: 0 means
// any free one, -1 none. After an error everything is as it was. What is under
// way goes on; Contacts that peers know already lead to the old port.
func (e *Engine) SetPort(transport string, port int) error {
	carrier, ok := e.transport.(rebinder)
	if !ok {
		return fmt.Errorf("the ports of this carrier cannot be changed")
	}
	return carrier.SetPort(transport, port)
}

// SetTLS changes certificate and trust for connections to come.
func (e *Engine) SetTLS(cfg *tls.Config) {
	if carrier, ok := e.transport.(rebinder); ok {
		carrier.SetTLS(cfg)
	}
}

// SetTLSTimeout bounds the TLS handshakes to come; 0 means 10 s.
func (e *Engine) SetTLSTimeout(limit time.Duration) {
	if carrier, ok := e.transport.(rebinder); ok {
		carrier.SetTLSTimeout(limit)
	}
}

// SetUserAgent changes the texts of User-Agent and Server headers from now on.
func (e *Engine) SetUserAgent(text string) {
	text = oneLine(text)
	if carrier, ok := e.transport.(rebinder); ok {
		carrier.SetServer(text)
	}
	e.post(func() { e.cfg.UserAgent = text })
}
