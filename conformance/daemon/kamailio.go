package daemon

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// KamailioConfig says what a Kamailio does. It is the subset of what
// sipserver.Config can say that a registrar and proxy in service does.
type KamailioConfig struct {
	Name string         // NAME and NAME.test mean the server itself
	UDP  netip.AddrPort // where it listens; required
	TCP  netip.AddrPort // invalid: no TCP
	TLS  netip.AddrPort // invalid: no TLS; needs the module tls, see HasTLS

	Certificate, Key []byte // PEM, for TLS

	Registrar  bool              // takes REGISTER, besides being a proxy
	Users      map[string]string // passwords; empty: no authentication
	Challenge  int               // 401 or 407; 0: 401 for REGISTER, 407 for the rest
	Expires    time.Duration     // longest registration; 0 means an hour
	MinExpires time.Duration     // shorter ones are refused with 423; 0 means none
	GRUU       bool              // gives GRUUs (RFC 5627)
	// Forks are the branches of a user, URIs.
	Forks map[string][]string
	// Hosts are names and addresses, and where they are to be reached by "udp", "tcp" and "tls" when a URI has no port.
	Hosts []KamailioHost
}

// KamailioHost is a host that Kamailio sends requests to by one of its names.
type KamailioHost struct {
	Names []string
	At    map[string]netip.AddrPort // by transport
}

// Kamailio is a server that runs.
type Kamailio struct {
	*process
	aors map[string]int // the order in which addresses of record were first seen
}

// kamailioReady is what its first worker logs.
const kamailioReady = "callflow: ready"

// LookKamailio finds out whether Kamailio is installed, and can do TLS.
func LookKamailio() (tls bool, err error) {
	if _, err := look("kamailio"); err != nil {
		return false, err
	}
	for _, pattern := range []string{"/usr/lib/*/kamailio/modules/tls.so", "/usr/lib*/kamailio/modules/tls.so", "/usr/local/lib*/kamailio/modules/tls.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// StartKamailio starts a server and returns when it serves. The error is
// [ErrAbsent], or tells the end of its log.
func StartKamailio(cfg KamailioConfig) (*Kamailio, error) {
	program, err := look("kamailio")
	if err != nil {
		return nil, err
	}
	text, err := cfg.text()
	if err != nil {
		return nil, err
	}
	dir, err := newFolder("kamailio", map[string]string{
		"kamailio.cfg": text, "tls.cfg": kamailioTLS, "cert.pem": string(cfg.Certificate), "key.pem": string(cfg.Key),
	})
	if err != nil {
		return nil, err
	}
	p, err := run(dir, kamailioReady, program, "-DD", "-E", "-m", "16", "-M", "4", "-w", dir, "-Y", dir, "-f", filepath.Join(dir, "kamailio.cfg"))
	if err != nil {
		return nil, err
	}
	return &Kamailio{process: p, aors: map[string]int{}}, nil
}

// KamailioBinding is a contact that is registered.
type KamailioBinding struct {
	AOR, Contact string // user@host, URI
	Expires      time.Time
}

// Bindings are the contacts that are registered now, by address of record.
func (k *Kamailio) Bindings() ([]KamailioBinding, error) {
	var dump struct {
		Domains []struct {
			Domain struct {
				AoRs []struct {
					Info struct {
						AoR      string
						Contacts []struct {
							Contact struct {
								Address string
								Expires any // seconds, or a word
							}
						}
					}
				}
			}
		}
	}
	if err := k.call("ul.dump", &dump); err != nil {
		return nil, err
	}
	var list []KamailioBinding
	for _, d := range dump.Domains {
		for _, a := range d.Domain.AoRs {
			for _, c := range a.Info.Contacts {
				seconds, err := strconv.ParseFloat(fmt.Sprint(c.Contact.Expires), 64)
				if err != nil || seconds <= 0 {
					continue // deleted, or over
				}
				list = append(list, KamailioBinding{
					AOR: a.Info.AoR, Contact: c.Contact.Address, Expires: time.Now().Add(time.Duration(seconds) * time.Second),
				})
			}
		}
	}
	return list, nil
}

// call asks Kamailio over its control socket.
func (k *Kamailio) call(method string, result any) error {
	own := filepath.Join(k.dir, "reply.sock")
	conn, err := net.DialUnix("unixgram", &net.UnixAddr{Name: own, Net: "unixgram"}, &net.UnixAddr{Name: filepath.Join(k.dir, "rpc.sock"), Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("kamailio: %w", err)
	}
	defer os.Remove(own)
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startLimit)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, `{"jsonrpc": "2.0", "method": %q, "id": 1}`, method); err != nil {
		return fmt.Errorf("kamailio: %s: %w", method, err)
	}
	reply := make([]byte, 1<<16)
	n, err := conn.Read(reply)
	if err != nil {
		return fmt.Errorf("kamailio: %s: %w", method, err)
	}
	var answer struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	if err := json.Unmarshal(reply[:n], &answer); err != nil {
		return fmt.Errorf("kamailio: %s: %w", method, err)
	}
	if answer.Error != nil {
		return fmt.Errorf("kamailio: %s: %s", method, answer.Error.Message)
	}
	return json.Unmarshal(answer.Result, result)
}
