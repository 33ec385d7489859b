package sipsimple

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
)

// tlsConfig is what the settings say about TLS, over the template of the Config:
// the certificate and the trust of an account (nil for none), the authorities of
// the general settings (application.md 2.6). TLS 1.2 is the least, whatever the
// setting tls.protocol is called.
func (a *Application) tlsConfig(l *loaded, acc *account.Account) (*tls.Config, error) {
	cfg := &tls.Config{}
	if a.cfg.TLS != nil {
		cfg = a.cfg.TLS.Clone()
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if path, ok := l.general.TLS.CAList.Get(); ok {
		pool, err := a.readAuthorities(path)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = pool
	}
	defer ownCertificate(cfg)
	if acc == nil || acc.TLSSettings() == nil {
		return cfg, nil
	}
	settings := acc.TLSSettings()
	cfg.InsecureSkipVerify = !settings.VerifyServer.Get() // only if the user asks for it
	if path, ok := settings.Certificate.Get(); ok {
		certificate, err := a.readCertificate(path)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{certificate}
	}
	return cfg, nil
}

// ownCertificate lets an application without a certificate reach servers by TLS;
// nobody can reach it.
func ownCertificate(cfg *tls.Config) {
	if len(cfg.Certificates) == 0 && cfg.GetCertificate == nil && cfg.GetConfigForClient == nil {
		cfg.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errNoCertificate }
	}
}

var errNoCertificate = errors.New("there is no certificate")

func (a *Application) read(path configuration.Path) ([]byte, error) {
	name, err := path.Expand()
	if err != nil {
		return nil, err
	}
	return a.cfg.ReadFile(name)
}

// readAuthorities reads a file with trusted certificates.
func (a *Application) readAuthorities(path configuration.Path) (*x509.CertPool, error) {
	data, err := a.read(path)
	if err != nil {
		return nil, fmt.Errorf("tls.ca_list: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("tls.ca_list: there is no certificate in %s", path)
	}
	return pool, nil
}

// readCertificate reads a file with a certificate and its key.
func (a *Application) readCertificate(path configuration.Path) (tls.Certificate, error) {
	data, err := a.read(path)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls.certificate: %w", err)
	}
	certificate, err := tls.X509KeyPair(data, data)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls.certificate: %s: %w", path, err)
	}
	return certificate, nil
}
