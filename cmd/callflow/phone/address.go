package phone

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// address reads what the user calls.
func (p *Phone) address(text string) (core.Address, error) {
	domain := ""
	var proxy sip.Uri
	switch {
	case p.cfg.Folder != "" || strings.Contains(p.cfg.ID, "@"):
		domain = p.account.URI().Host
	case p.cfg.Proxy != "" && sip.ParseUri("sip:"+p.cfg.Proxy, &proxy) == nil:
		domain = proxy.Host
	}
	return addressIn(domain, text)
}

// Schemes that are no SIP, and users that can be written as they are (RFC 3261
// section 25.1).
var (
	otherScheme = regexp.MustCompile(`(?i)^(tel|https?|mailto|xmpp|h323|urn):|://`)
	plainUser   = regexp.MustCompile(`^[-\w.!~*'()&=+$,;?/%:#]+$`)
)

// addressIn reads a URI, user@host, a host with a dot or a colon in it, or a user of
// a domain; without a domain that is an error.
func addressIn(domain, text string) (core.Address, error) {
	wrong := fmt.Errorf("%q is no SIP URI, such as sip:bob@192.0.2.1", text)
	lower := strings.ToLower(text)
	uri := text
	switch {
	case otherScheme.MatchString(text):
		return core.Address{}, wrong
	case strings.HasPrefix(lower, "sip:"), strings.HasPrefix(lower, "sips:"):
	case strings.Contains(text, "@"), isHost(text):
		uri = "sip:" + text
	case !plainUser.MatchString(text):
		return core.Address{}, wrong
	case domain == "":
		return core.Address{}, fmt.Errorf("%q has no domain: write sip:%s@HOST, or tell where with --proxy, --id or --config", text, text)
	default:
		uri = "sip:" + strings.ReplaceAll(text, "#", "%23") + "@" + domain // as one types it
	}
	a, err := core.ParseAddress("<" + uri + ">")
	if port, ok := errors.AsType[*core.PortError](err); ok {
		return core.Address{}, fmt.Errorf("%q: %w", text, port)
	}
	user, host := a.URI.User, a.URI.Host
	if err != nil || host == "" || strings.ContainsAny(host, " /<>\"") || user != "" && !plainUser.MatchString(user) {
		return core.Address{}, wrong
	}
	return a, nil
}

// isHost tells a host, perhaps with a port, from a user.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(text)
	return err == nil || strings.HasPrefix(text, "localhost")
}
