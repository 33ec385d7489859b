package wire_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// certificate makes a self-signed certificate for a name, valid from 1990 to
// 2100: a bubble begins in the year 2000.
func certificate(t *testing.T, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}

func TestTLSVerifiesTheName(t *testing.T) {
	cert, pool := certificate(t, "bob.test")
	inNetwork(t, func(n *simnet.Network) {
		alice := newNode(t, n, "alice", func(c *wire.Config) { c.TLS, c.TLSPort = &tls.Config{RootCAs: pool}, -1 })
		bob := newNode(t, n, "bob", func(c *wire.Config) { c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })
		to := bob.at(t, "tls")
		var good, wrong, address outcome
		to.ServerName = "bob.test"
		alice.SendOctets([]byte(invite), to, good.done)
		to.ServerName = "eve.test" // the open connection must not be taken for this name
		alice.SendOctets([]byte(invite), to, wrong.done)
		to.ServerName = ""
		alice.SendOctets([]byte(invite), to, address.done)
		pass(time.Second)
		if err := good.only(t); err != nil {
			t.Errorf("bob.test: %v", err)
		}
		for name, o := range map[string]*outcome{"eve.test": &wrong, "the address": &address} {
			if _, ok := errors.AsType[*tls.CertificateVerificationError](o.only(t)); !ok {
				t.Errorf("%s: %v", name, o.only(t))
			}
		}
		got := bob.take()
		if len(got) != 1 || got[0].Transport != "tls" {
			t.Fatalf("bob heard %v", got)
		}
		bob.Send(wire.NewResponse(got[0].Request(), 200, "OK", "b"), wire.ResponseDestination(got[0]), nil)
		pass(time.Second)
		if answer := alice.take(); len(answer) != 1 || answer[0].Transport != "tls" {
			t.Fatalf("alice heard %v", answer)
		}
		alice.Close()
		bob.Close()
	})
}

func TestTLSDoesNotTrustStrangers(t *testing.T) {
	cert, _ := certificate(t, "bob.test")
	_, others := certificate(t, "bob.test")
	inNetwork(t, func(n *simnet.Network) {
		alice := newNode(t, n, "alice", func(c *wire.Config) { c.TLS, c.TLSPort = &tls.Config{RootCAs: others}, -1 })
		bob := newNode(t, n, "bob", func(c *wire.Config) { c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })
		to := bob.at(t, "tls")
		to.ServerName = "bob.test"
		var out outcome
		alice.SendOctets([]byte(invite), to, out.done)
		pass(time.Second)
		if err := out.only(t); err == nil {
			t.Error("a self-signed certificate was trusted")
		}
		if len(bob.take()) != 0 {
			t.Error("the message went out")
		}
		alice.Close()
		bob.Close()
	})
}

// A client that connects and says nothing holds up neither the others nor Close.
func TestTLSHandshakeThatStalls(t *testing.T) {
	cert, pool := certificate(t, "bob.test")
	inNetwork(t, func(n *simnet.Network) {
		alice := newNode(t, n, "alice", func(c *wire.Config) { c.TLS, c.TLSPort = &tls.Config{RootCAs: pool}, -1 })
		bob := newNode(t, n, "bob", func(c *wire.Config) { c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })
		to := bob.at(t, "tls")
		idle, err := alice.host.Dial("tcp", to.Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		to.ServerName = "bob.test"
		alice.SendOctets([]byte(invite), to, nil)
		pass(time.Second)
		if len(bob.take()) != 1 {
			t.Error("bob heard nothing")
		}
		began := time.Now()
		bob.Close()
		alice.Close()
		if took := time.Since(began); took > time.Second {
			t.Errorf("Close took %v", took)
		}
		_ = idle.Close()
	})
}

// The same over the sockets of the machine.
func TestRealSockets(t *testing.T) {
	cert, pool := certificate(t, "bob.test")
	std, err := stdnet.NewNet()
	if err != nil {
		t.Skipf("no network on this machine: %v", err)
	}
	heard := make(chan wire.Message, 10)
	open := func(cfg wire.Config) *wire.Transport {
		cfg.Net, cfg.Host, cfg.Handler = std, peerHost, func(m wire.Message) { heard <- m }
		x, err := wire.Listen(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	bob := open(wire.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	alice := open(wire.Config{TLS: &tls.Config{RootCAs: pool}, TLSPort: -1})
	for _, transport := range []string{"udp", "tcp", "tls"} {
		to := wire.Destination{Transport: transport, ServerName: "bob.test"}
		to.Addr, _ = bob.Addr(transport)
		alice.Send(accepted(t, invite), to, func(err error) {
			if err != nil {
				t.Errorf("%s: %v", transport, err)
			}
		})
		request := await(t, heard)
		if request.Transport != transport || request.Request() == nil {
			t.Fatalf("%s: got %+v", transport, request)
		}
		bob.Send(wire.NewResponse(request.Request(), 200, "OK", "b"), wire.ResponseDestination(request), nil)
		if response := await(t, heard); response.Response() == nil {
			t.Fatalf("%s: got %+v", transport, response)
		}
	}
	taken, _ := bob.Addr("tcp")
	if _, err := wire.Listen(wire.Config{Net: std, Host: peerHost, TCPPort: int(taken.Port())}); err == nil {
		t.Error("a port was opened twice")
	}
	alice.Close()
	bob.Close()
	if _, err := net.Dial("tcp", taken.String()); err == nil {
		t.Error("the listener is open after Close")
	}
}

func await(t *testing.T, heard <-chan wire.Message) wire.Message {
	t.Helper()
	select {
	case m := <-heard:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		return wire.Message{}
	}
}
