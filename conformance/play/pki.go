package play

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// pki is the certification authority of a run. Its certificates are dated in
// virtual time.
type pki struct {
	cert *x509.Certificate
	key  crypto.Signer
	pool *x509.CertPool
	next int64
}

// usesTLS tells whether a route of the case goes over TLS.
func (w *world) usesTLS() bool {
	found := false
	eachStep(w.c.Steps, func(s *scenario.Step) {
		if call, ok := s.Verb.(*scenario.Call); ok {
			routes, _ := call.Params["routes"].([]string)
			for _, r := range routes {
				found = found || strings.HasPrefix(r, "tls ")
			}
		}
	})
	return found
}

// certificate is the TLS configuration of a party, both as server and client:
// a good certificate for its names and address, and trust in the run's
// authority alone.
func (w *world) certificate(p *party) (*tls.Config, error) {
	if w.pki == nil {
		var err error
		if w.pki, err = newPKI(); err != nil {
			return nil, err
		}
	}
	cert, err := w.pki.issue(p)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", p.def.Name, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: w.pki.pool, ClientCAs: w.pki.pool, MinVersion: tls.VersionTLS12}, nil
}

func newPKI() (*pki, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of the run"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &pki{cert: cert, key: key, pool: pool, next: 2}, nil
}

func (a *pki) issue(p *party) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	name := p.def.Name
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: name + ".test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		DNSNames: []string{name, name + ".test"}, IPAddresses: []net.IP{p.address().AsSlice()},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	a.next++
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
