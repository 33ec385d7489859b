package configuration_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// FuzzFile starts with any file at all. Either the start is refused and the file
// stays as it was, or every object can be read and saved, and is then the same.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{"", badFile, "SIPSimpleSettings: {sip: {udp_port: 5060, invite_timeout: }}\n", "Accounts:\n  a@b:\n    password: x\n  a@@b:\n", "SIPSimpleSettings: x", "Accounts: {bonjour@local: {enabled: 1}}"} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "config")
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		objects := func() (all []*configuration.Object, st *storage.File) {
			st = storage.NewFile(filepath.Dir(path))
			m := configuration.NewManager(notification.NewCenter(quiet), quiet)
			if err := m.Start(st); err != nil {
				return nil, st
			}
			if g, err := configuration.NewGeneral(m, nil); err == nil {
				all = append(all, g.Object)
			}
			ids, _ := configuration.AccountIDs(m)
			for _, id := range ids {
				if a, err := configuration.NewAccount(m, id, configuration.AccountConfig{}); err == nil {
					all = append(all, a.Object)
				}
			}
			return all, st
		}
		first, st := objects()
		if after, _ := os.ReadFile(path); string(after) != string(data) {
			t.Fatalf("loading %q wrote %q", data, after)
		}
		var want []string
		for _, o := range first {
			if err := o.Save(t.Context(), func(d *configuration.Draft) error { d.SetText("rtp.srtp_encryption", "optional"); return nil }); err != nil && o.ID() != configuration.GeneralID {
				t.Fatal(err)
			}
			if o.ID() == configuration.GeneralID {
				if err := o.Save(t.Context(), set("rtp.timeout", "7")); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, o := range first {
			want = append(want, fmt.Sprint(o.ID(), o.Values()))
		}
		_ = st.Close()
		second, st := objects()
		defer st.Close()
		var got []string
		for _, o := range second {
			got = append(got, fmt.Sprint(o.ID(), o.Values()))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q\nsaved %q\nread  %q", data, want, got)
		}
	})
}
