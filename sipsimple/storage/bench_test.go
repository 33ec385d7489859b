package storage_test

import (
	"fmt"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

func accounts(n int) storage.Tree {
	all := storage.Tree{}
	for i := range n {
		all[fmt.Sprintf("user%d@example.org", i)] = storage.Tree{
			"enabled": "true", "display_name": fmt.Sprintf("User %d", i),
			"auth": storage.Tree{"username": fmt.Sprintf("user%d", i), "password": "p: w"},
			"sip":  storage.Tree{"outbound_proxy": "proxy.example.org:5061;transport=tls", "register": "true"},
		}
	}
	return storage.Tree{"Accounts": all, "SIPSimpleSettings": storage.Tree{"sip": storage.Tree{"transport_list": []string{"tls", "udp"}}}}
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			st := storage.NewFile(b.TempDir())
			defer st.Close()
			if err := st.ConfigurationBackend().Save(accounts(n)); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := st.ConfigurationBackend().Load(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSave(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			st := storage.NewFile(b.TempDir())
			defer st.Close()
			tree := accounts(n)
			for b.Loop() {
				if err := st.ConfigurationBackend().Save(tree); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
