package resolver

// The notifications of look-ups and of the list of name servers (application.md 10.3). Beyond what is told here each
// carries a timestamp, as all notifications do.
type (
	// DNSLookupDidSucceed tells the result of a look-up: routes, servers or URLs. The sender is the *DNSLookup.
	DNSLookupDidSucceed struct {
		Result any `field:"result"`
	}
	// DNSLookupDidFail tells why a look-up has no result. The sender is the *DNSLookup.
	DNSLookupDidFail struct {
		Error string `field:"error"`
	}
	// DNSLookupTrace tells of one query of a look-up. The sender is the *DNSLookup.
	DNSLookupTrace struct {
		QueryType   string   `field:"query_type"` // "NAPTR", "SRV", "A", "AAAA", "TXT"
		QueryName   string   `field:"query_name"`
		Nameservers []string `field:"nameservers"`
		Answer      []string `field:"answer,null"` // records as text
		Error       string   `field:"error,null"`
		Context     string   `field:"context"` // the method: "lookup_sip_proxy" …
		URI         string   `field:"uri"`     // what it was called with
		Service     string   `field:"service,null"`
	}
	// DNSResolverDidInitialize tells which name servers are used from the start. The sender is the *Manager.
	DNSResolverDidInitialize struct {
		Nameservers []string `field:"nameservers"`
	}
	// DNSNameserversDidChange tells which are used from now on. The sender is the *Manager.
	DNSNameserversDidChange struct {
		Nameservers []string `field:"nameservers"`
	}
)

// NotificationName implements [notification.Data].
func (DNSLookupDidSucceed) NotificationName() string      { return "DNSLookupDidSucceed" }
func (DNSLookupDidFail) NotificationName() string         { return "DNSLookupDidFail" }
func (DNSLookupTrace) NotificationName() string           { return "DNSLookupTrace" }
func (DNSResolverDidInitialize) NotificationName() string { return "DNSResolverDidInitialize" }
func (DNSNameserversDidChange) NotificationName() string  { return "DNSNameserversDidChange" }
