package play

import (
	"crypto"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet/dnsserver"
)

// pki is the certification authority of a run. Keys come from the seed, and
// certificates are dated in virtual time.
type pki struct {
	w    *world
	cert *x509.Certificate
	key  crypto.Signer
	pool *x509.CertPool
	next int64
}

// usesTLS tells whether anything of the case goes over TLS.
func (w *world) usesTLS() bool {
	for _, p := range w.c.Parties {
		if p.Account["msrp.transport"] == "tls" {
			return true
		}
	}
	if w.transport() == "tls" || slices.ContainsFunc(w.c.Parties, func(p *scenario.Party) bool { return p.TLS != nil }) ||
		slices.ContainsFunc(w.c.DNS, func(line string) bool { return strings.Contains(strings.ToLower(line), "sips") }) {
		return true
	}
	found := false
	eachStep(w.c.Steps, func(s *scenario.Step) {
		if call, ok := s.Verb.(*scenario.Call); ok {
			routes, _ := call.Params["routes"].([]string)
			for _, r := range append(routes, fmt.Sprint(call.Arg)) {
				found = found || strings.HasPrefix(r, "tls ") || strings.HasPrefix(r, "sips:") || strings.Contains(r, "transport=tls")
			}
		}
	})
	return found
}

// certificate is the TLS configuration of a party, both as server and client;
// nil when nothing goes over TLS. Unless the file says otherwise, it has a good
// certificate for its names and addresses, and trusts in the run's authority
// alone.
func (w *world) certificate(p *party) (*tls.Config, error) {
	if !w.usesTLS() {
		return nil, nil
	}
	if w.pki == nil {
		var err error
		if w.pki, err = newPKI(w); err != nil {
			return nil, err
		}
	}
	def := p.def.TLS
	if def == nil {
		def = &scenario.TLS{Certificate: "good", CA: "test"}
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	var err error
	if cfg.RootCAs, err = w.pki.trust(def.CA); err != nil {
		return nil, err
	}
	cfg.ClientCAs = cfg.RootCAs
	if def.Certificate == "missing" {
		if p.def.Scripted || p.def.Server != nil {
			return nil, nil // it does without TLS
		}
		return cfg, nil
	}
	cert, err := w.pki.issue(p, def.Certificate)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", p.def.Name, err)
	}
	cfg.Certificates = []tls.Certificate{cert}
	return cfg, nil
}

func newPKI(w *world) (*pki, error) {
	a := &pki{w: w, pool: x509.NewCertPool(), next: 2}
	var err error
	if a.key, err = a.newKey("authority"); err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of the run"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(w.randomFor("authority"), template, template, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	a.pool.AddCert(a.cert)
	return a, nil
}

// newKey makes the key of a party. Ed25519 keys and signatures follow from the
// seed alone; others would not.
func (a *pki) newKey(name string) (crypto.Signer, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(a.w.randomFor(name+" key"), seed); err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// trust are the authorities that a party believes: test, none, or those of a file.
func (a *pki) trust(ca string) (*x509.CertPool, error) {
	switch ca {
	case "test":
		return a.pool, nil
	case "none":
		return x509.NewCertPool(), nil
	}
	data, err := a.w.readFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("ca: there is no certificate in %s", ca)
	}
	return pool, nil
}

// issue makes the certificate of a party: good, expired, wrong_name,
// self_signed, or the one of a file with its key.
func (a *pki) issue(p *party, kind string) (tls.Certificate, error) {
	if data, err := a.w.readFile(kind); err == nil {
		return tls.X509KeyPair(data, data)
	}
	name := p.def.Name
	key, err := a.newKey(name)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: name + ".test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		DNSNames:    a.names(p),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, addr := range append(p.host.Addrs(), p.host.Outside()) {
		template.IPAddresses = append(template.IPAddresses, net.IP(addr.AsSlice()))
	}
	parent, signer := a.cert, a.key
	switch kind {
	case "good":
	case "expired":
		template.NotBefore, template.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	case "wrong_name":
		template.Subject.CommonName = "elsewhere.test"
		template.DNSNames, template.IPAddresses = []string{"elsewhere.test"}, nil
	case "self_signed":
		parent, signer = template, key
	default:
		return tls.Certificate{}, errors.New("unknown kind " + kind)
	}
	a.next++
	der, err := x509.CreateCertificate(a.w.randomFor(name+" certificate"), template, parent, key.Public(), signer)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// names are the host names of a party, the domains of its accounts, and those
// that dns: leads to it: a certificate carries the domain that was looked up
// (RFC 5922 section 7.1).
func (a *pki) names(p *party) []string {
	names := []string{p.def.Name, p.def.Name + ".test"}
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	_, domain, _ := strings.Cut(p.def.Account["id"], "@")
	add(domain)
	for _, name := range sortedKeys(p.def.Accounts) {
		_, domain, _ = strings.Cut(p.def.Accounts[name]["id"], "@")
		add(domain)
	}
	for _, line := range a.w.c.DNS {
		record, err := dnsserver.ParseRecord(line)
		if err == nil && strings.TrimSuffix(strings.TrimSuffix(record.Target, "."), ".test") == p.def.Name {
			add(domainOf(record.Name))
		}
	}
	return names
}

// domainOf is the name of a record without its service labels.
func domainOf(name string) string {
	name = strings.TrimSuffix(name, ".")
	for strings.HasPrefix(name, "_") {
		_, name, _ = strings.Cut(name, ".")
	}
	return name
}
