package simnet_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

func TestTLSWorks(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		alice, bob := mustHost(t, n, "alice"), mustHost(t, n, "bob")
		cert, roots := certificate(t, "bob.test")
		l, err := bob.ListenTCP("tcp", &net.TCPAddr{Port: 5061})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			conn, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			s := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
			io.Copy(s, s)
			s.Close()
		}()
		conn, err := alice.Dial("tcp", "bob.test:5061")
		if err != nil {
			t.Fatal(err)
		}
		c := tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: "bob.test"})
		c.Write([]byte("secret"))
		c.CloseWrite()
		got, err := io.ReadAll(c)
		if err != nil || string(got) != "secret" {
			t.Errorf("got %q, %v", got, err)
		}
		c.Close()
	})
}

// certificate is one that is valid in virtual time, and the pool that knows it.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
