package configuration_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

func accounts(n int) storage.Tree {
	all := storage.Tree{}
	for i := range n {
		all[fmt.Sprintf("user%d@example.org", i)] = storage.Tree{
			"enabled": "true", "auth": storage.Tree{"password": "x"}, "sip": storage.Tree{"outbound_proxy": "proxy.example.org"},
		}
	}
	return storage.Tree{"Accounts": all}
}

// start loads everything of a storage, as an application does.
func start(b *testing.B, st storage.Storage) (*configuration.General, *configuration.Manager) {
	m := configuration.NewManager(notification.NewCenter(nil), nil)
	if err := m.Start(st); err != nil {
		b.Fatal(err)
	}
	g, err := configuration.NewGeneral(m, nil)
	if err == nil {
		err = g.Activate(b.Context())
	}
	ids, _ := configuration.AccountIDs(m)
	for _, id := range ids {
		a, accountErr := configuration.NewAccount(m, id, configuration.AccountConfig{})
		if accountErr != nil {
			b.Fatal(accountErr)
		}
		_ = a.Activate(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	return g, m
}

func BenchmarkStart(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			st := storage.NewFile(b.TempDir())
			defer st.Close()
			if err := st.ConfigurationBackend().Save(accounts(n)); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				start(b, st)
			}
		})
	}
}

func BenchmarkSave(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			st := storage.NewMemory()
			if err := st.ConfigurationBackend().Save(accounts(n)); err != nil {
				b.Fatal(err)
			}
			g, _ := start(b, st)
			i := 0
			for b.Loop() {
				i++
				if err := g.Save(context.Background(), set("rtp.timeout", strconv.Itoa(i))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	g, _ := start(b, storage.NewMemory())
	for b.Loop() {
		_ = g.SIP.UDPPort.Get()
	}
}
