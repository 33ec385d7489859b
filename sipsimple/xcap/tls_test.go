package xcap_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet/xcapserver"
	"github.com/go-sipsimple/callflow/sipsimple/xcap"
)

// certificate is one that vouches for itself, for a name, in any time.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(crand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestHTTPS: a server must show a certificate for its name that is trusted.
func TestHTTPS(t *testing.T) {
	good, trusted := certificate(t, "server.test")
	other, alsoTrusted := certificate(t, "other.test")
	for name, c := range map[string]struct {
		shown tls.Certificate
		roots *x509.CertPool
		fault string
	}{
		"good":         {good, trusted, ""},
		"wrong name":   {other, alsoTrusted, "other.test"},
		"unknown root": {good, alsoTrusted, "unknown authority"},
	} {
		server := xcapserver.Config{TLS: &tls.Config{Certificates: []tls.Certificate{c.shown}}}
		client := xcap.Config{Root: "https://server.test/", TLS: &tls.Config{RootCAs: c.roots}}
		inLab(t, server, client, func(l *lab) {
			_, err := l.Put(context.Background(), rules, doc("1"), xcap.Condition{})
			if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
