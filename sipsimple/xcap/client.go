package xcap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/sipsimple/internal/dialing"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// Config describes a [Client]. Root, User, Net and Rand are required.
type Config struct {
	Root string // http or https URL without query, fragment and password (RFC 4825 section 6.1)
	User string // XCAP user identifier, such as sip:alice@example.org

	Username string // for digest authentication (RFC 7616); "" means the user part of User
	Password string // "" answers no challenge

	Net  transport.Net
	Rand io.Reader // for digest authentication
	// Resolve finds the addresses of the server; nil means that of Net.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	TLS     *tls.Config         // template for https; nil means the roots of the system
	Storage storage.XCAPStorage // where documents are kept; nil: nowhere

	Timeout time.Duration // for each call, 0 means 30 s
	Limit   int           // octets of a document, 0 means 1 MiB
}

// Client talks to the server of one user. Its methods may be called from any
// goroutine; they block until the answer is there, the context is done or the
// time is over, and must not be called by observers.
type Client struct {
	cfg  Config
	root *url.URL
	http *http.Client

	chance sync.Mutex // for Config.Rand
}

// NewClient makes a client. Nothing is sent. The error says what is wrong with
// the configuration.
func NewClient(cfg Config) (*Client, error) {
	root, err := url.Parse(cfg.Root)
	switch {
	case err != nil:
		return nil, errors.New("XCAP root: not a URL")
	case root.Scheme != "http" && root.Scheme != "https" || root.Hostname() == "" || root.User != nil || root.RawQuery != "" || root.Fragment != "":
		return nil, fmt.Errorf("XCAP root %q: an http or https URL without password, ? and # is expected", root.Redacted())
	case cfg.User == "" || cfg.Net == nil || cfg.Rand == nil:
		return nil, errors.New("xcap: a user, a network and a source of chance are required")
	}
	if cfg.Username == "" {
		_, name, _ := strings.Cut(cfg.User, ":")
		cfg.Username, _, _ = strings.Cut(name, "@")
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Limit <= 0 {
		cfg.Limit = 1 << 20
	}
	c := &Client{cfg: cfg, root: root}
	// One connection for each request: none outlives the call.
	c.http = &http.Client{
		Transport: &http.Transport{
			DialContext: c.dial, TLSClientConfig: cfg.tls(), DisableKeepAlives: true, DisableCompression: true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func (c Config) tls() *tls.Config {
	cfg := &tls.Config{}
	if c.TLS != nil {
		cfg = c.TLS.Clone()
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	return cfg
}

// Root is that of the server.
func (c *Client) Root() string { return c.root.String() }

// dial tries the addresses of the server in their order.
func (c *Client) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := c.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	err = fmt.Errorf("no address for %s", host)
	settings := &net.Dialer{Timeout: c.cfg.Timeout}
	for _, addr := range addrs {
		var conn net.Conn
		if conn, err = dialing.TCP(ctx, c.cfg.Net, settings, net.JoinHostPort(addr.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	if c.cfg.Resolve != nil {
		return c.cfg.Resolve(ctx, host)
	}
	found, err := c.cfg.Net.ResolveIPAddr("ip", host)
	if err != nil {
		return nil, err
	}
	addr, ok := netip.AddrFromSlice(found.IP)
	if !ok {
		return nil, fmt.Errorf("no address for %s", host)
	}
	return []netip.Addr{addr.Unmap()}, nil
}
