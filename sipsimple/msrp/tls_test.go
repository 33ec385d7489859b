package msrp_test

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// selfSigned is a certificate that nobody vouches for.
func selfSigned(t testing.TB, serial int64) tls.Certificate {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "self"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

func (l *lab) secure(c *msrp.Config) {
	serial := int64(len(c.Host.String())) + int64(c.Mode)
	c.TLS = &tls.Config{Certificates: []tls.Certificate{selfSigned(l.t, serial)}} //nolint:gosec // the default version
}

func TestTLSWithFingerprints(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair(l.secure)
		if path := a.session.LocalPath().String(); !strings.HasPrefix(path, "msrps://") {
			t.Errorf("path %s", path)
		}
		a.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("secret")})
		time.Sleep(time.Second)
		l.expect(b, `1-6/6 text/plain "secret" $`)
		l.close(a, b)
	})
}

// TestTLSRefusals: wrong or missing fingerprints, a chain that nobody knows, no certificate.
func TestTLSRefusals(t *testing.T) {
	for name, change := range map[string]func(of *msrp.Peer){
		"no fingerprint, unknown authority": func(p *msrp.Peer) { p.Fingerprint = "" },
		"wrong fingerprint":                 func(p *msrp.Peer) { p.Fingerprint = p.Fingerprint[:len(p.Fingerprint)-2] + "0G" },
		"unknown hash":                      func(p *msrp.Peer) { p.Fingerprint = "md5 00:11" },
	} {
		inLab(t, func(l *lab) {
			ca, cb := l.config(l.alice, msrp.Listen), l.config(l.bob, msrp.Connect)
			l.secure(&ca)
			l.secure(&cb)
			ea, eb := l.open(ca), l.open(cb)
			defer ea.Close()
			defer eb.Close()
			waiting := make(chan error, 1)
			go func() {
				_, err := ea.Establish(context.Background(), msrp.Peer{Path: eb.Path(), Active: true, Fingerprint: eb.Fingerprint()})
				waiting <- err
			}()
			peer := msrp.Peer{Path: ea.Path(), Fingerprint: ea.Fingerprint()}
			change(&peer)
			if _, err := eb.Establish(context.Background(), peer); err == nil || !strings.Contains(err.Error(), "TLS with") {
				t.Errorf("%s: %v", name, err)
			}
			if err := <-waiting; err == nil {
				t.Errorf("%s: the passive side took it", name)
			}
		})
	}
	inLab(t, func(l *lab) {
		cfg := l.config(l.alice, msrp.Listen)
		cfg.TLS = &tls.Config{} //nolint:gosec // the default version
		if _, err := msrp.Open(context.Background(), cfg); err == nil {
			t.Error("listening without a certificate")
		}
	})
}
