package configuration_test

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// TestWhatIsSavedComesBack changes settings, renames, deletes and creates at
// random: what observers were told, what the objects say and what a new start
// reads from the storage is always the same.
func TestWhatIsSavedComesBack(t *testing.T) { rapid.Check(t, checkSaved) }

// told is what an observer knows of accounts: values by id and path, and under
// "" what contradicted that.
type told map[string]map[string]string

func (k told) HandleNotification(n notification.Notification) {
	a, ok := n.Sender.(*configuration.Account)
	if !ok {
		return
	}
	switch d := n.Data.(type) {
	case configuration.CFGSettingsObjectWasCreated:
		k[a.ID()] = map[string]string{}
		for _, v := range a.Values() {
			k[a.ID()][v.Path] = fmt.Sprint(v.Value)
		}
	case configuration.CFGSettingsObjectDidChange:
		id := a.ID()
		if c, renamed := d.Modified[configuration.IDPath]; renamed {
			k[c.New.(string)] = k[c.Old.(string)]
			delete(k, c.Old.(string))
		}
		for path, c := range d.Modified {
			if path == configuration.IDPath {
				continue
			}
			if was := k[id][path]; was != fmt.Sprint(c.Old) {
				k[""] = map[string]string{path: fmt.Sprintf("was %s, announced as %v", was, c.Old)}
			}
			k[id][path] = fmt.Sprint(c.New)
		}
	case configuration.CFGSettingsObjectWasDeleted:
		delete(k, a.ID())
	}
}

func checkSaved(t *rapid.T) {
	center := notification.NewCenter(nil)
	known := told{}
	center.AddObserver(known)
	st := storage.NewMemory()
	m := configuration.NewManager(center, nil)
	if err := m.Start(st); err != nil {
		t.Fatal(err)
	}
	live := map[string]*configuration.Account{}
	ids := rapid.SampledFrom([]string{"a@x.org", "b@x.org", "c@x.org"})
	someID := func(t *rapid.T) (string, *configuration.Account) {
		id := ids.Draw(t, "id")
		return id, live[id]
	}
	t.Repeat(map[string]func(*rapid.T){
		"create": func(t *rapid.T) {
			id, a := someID(t)
			made, err := configuration.NewAccount(m, id, configuration.AccountConfig{})
			if (err == nil) != (a == nil) {
				t.Fatalf("creating %s: %v", id, err)
			}
			if a == nil {
				live[id] = made
				_ = made.Update(nil)
			}
		},
		"change": func(t *rapid.T) {
			_, a := someID(t)
			if a == nil {
				return
			}
			err := a.Update(func(d *configuration.Draft) error {
				if rapid.Bool().Draw(t, "proxy") {
					d.SetText("sip.outbound_proxy", rapid.SampledFrom([]any{nil, "p:1", "q", configuration.Default{}}).Draw(t, "value"))
				}
				if rapid.Bool().Draw(t, "register") {
					d.SetText("sip.register", rapid.SampledFrom([]any{"true", "false", configuration.Default{}}).Draw(t, "value"))
				}
				if rapid.Bool().Draw(t, "password") {
					d.SetText("auth.password", rapid.SampledFrom([]any{"", "x", configuration.Default{}}).Draw(t, "value"))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		},
		"rename": func(t *rapid.T) {
			id, a := someID(t)
			to, other := someID(t)
			if a == nil {
				return
			}
			err := a.Update(func(d *configuration.Draft) error { d.SetID(to); return nil })
			if wanted := other == nil || id == to; (err == nil) != wanted {
				t.Fatalf("renaming %s to %s: %v", id, to, err)
			}
			if err == nil {
				delete(live, id)
				live[to] = a
			}
		},
		"delete": func(t *rapid.T) {
			if id, a := someID(t); a != nil {
				_ = a.Delete()
				delete(live, id)
			}
		},
		"": func(t *rapid.T) {
			if err := errors.Join(m.Flush(t.Context()), center.Flush(t.Context())); err != nil {
				t.Fatal(err)
			}
			if wrong, ok := known[""]; ok {
				t.Fatal(wrong)
			}
			again := configuration.NewManager(notification.NewCenter(nil), nil)
			if err := again.Start(st); err != nil {
				t.Fatal(err)
			}
			stored, _ := configuration.AccountIDs(again)
			if len(stored) != len(live) || len(known) != len(live) {
				t.Fatalf("stored are %v, told %d, live %d", stored, len(known), len(live))
			}
			for _, id := range stored {
				b, err := configuration.NewAccount(again, id, configuration.AccountConfig{})
				if err != nil {
					t.Fatal(err)
				}
				if got, want := fmt.Sprint(b.Values()), fmt.Sprint(live[id].Values()); got != want {
					t.Fatalf("%s is stored as\n%s\nand is\n%s", id, got, want)
				}
				for _, v := range b.Values() {
					if known[id][v.Path] != fmt.Sprint(v.Value) {
						t.Fatalf("%s of %s is %v, told was %s", v.Path, id, v.Value, known[id][v.Path])
					}
				}
			}
		},
	})
}
