package daemon

import (
	"fmt"
	"net/netip"
	"path/filepath"
)

// Coturn is a STUN server that runs.
type Coturn struct{ *process }

// LookCoturn finds out whether turnserver of coturn is installed.
func LookCoturn() error {
	_, err := look("turnserver")
	return err
}

// StartCoturn starts a STUN server on two addresses of this machine, with port
// and the one after it, over UDP and nothing else (RFC 5780). It returns when it
// serves.
func StartCoturn(first, second netip.Addr, port uint16) (*Coturn, error) {
	program, err := look("turnserver")
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf(`listening-ip=%v
listening-ip=%v
listening-port=%d
alt-listening-port=%d
stun-only
no-tcp
no-tls
no-dtls
no-cli
rfc5780
no-software-attribute
log-file=stdout
simple-log
pidfile=./pid
userdb=./users
`, first, second, port, port+1)
	dir, err := newFolder("coturn", map[string]string{"turnserver.conf": config})
	if err != nil {
		return nil, err
	}
	p, err := run(dir, "Total General servers", program, "-c", filepath.Join(dir, "turnserver.conf"))
	if err != nil {
		return nil, err
	}
	return &Coturn{p}, nil
}
