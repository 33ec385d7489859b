package msrp

import (
	"crypto/sha1" //nolint:gosec // peers may still tell SHA-1 fingerprints
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Fingerprint is that of a certificate in DER as SDP tells it (RFC 8122 section 5).
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return "sha-256 " + colons(sum[:])
}

func colons(sum []byte) string {
	var b strings.Builder
	for i, c := range sum {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}

var errNoPeerCertificate = errors.New("the peer has told a fingerprint and shown no certificate")

// verifyFingerprint compares what the peer shows with what its SDP has told (RFC 4975 section 14.4).
func verifyFingerprint(fingerprint string, certificates []*x509.Certificate) error {
	if len(certificates) == 0 {
		return errNoPeerCertificate
	}
	name, value, _ := strings.Cut(strings.TrimSpace(fingerprint), " ")
	der := certificates[0].Raw
	var sum []byte
	switch strings.ToLower(name) {
	case "sha-1":
		s := sha1.Sum(der) //nolint:gosec // as above
		sum = s[:]
	case "sha-256":
		s := sha256.Sum256(der)
		sum = s[:]
	case "sha-384":
		s := sha512.Sum384(der)
		sum = s[:]
	case "sha-512":
		s := sha512.Sum512(der)
		sum = s[:]
	default:
		return fmt.Errorf("fingerprint with unknown hash %.20q", name)
	}
	if !strings.EqualFold(strings.TrimSpace(value), colons(sum)) {
		return errors.New("the peer's certificate does not have the fingerprint of its SDP")
	}
	return nil
}

// clientTLS trusts the fingerprint, or without one the chain and the name.
func clientTLS(base *tls.Config, host, fingerprint string) *tls.Config {
	c := base.Clone()
	if c.ServerName == "" {
		c.ServerName = host
	}
	if fingerprint != "" {
		c.InsecureSkipVerify = true //nolint:gosec // the fingerprint is verified instead
		c.VerifyConnection = func(state tls.ConnectionState) error {
			return verifyFingerprint(fingerprint, state.PeerCertificates)
		}
	}
	return c
}

// serverTLS asks for a certificate when there is a fingerprint to compare it with.
func serverTLS(base *tls.Config, fingerprint string) *tls.Config {
	c := base.Clone()
	c.ClientAuth = tls.NoClientCert
	if fingerprint != "" {
		c.ClientAuth = tls.RequestClientCert
		c.ClientCAs = nil // they would be named to the peer, which then shows no certificate of its own making
		c.VerifyConnection = func(state tls.ConnectionState) error {
			return verifyFingerprint(fingerprint, state.PeerCertificates)
		}
	}
	return c
}
