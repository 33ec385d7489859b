package configuration_test

import (
	"errors"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

func TestManager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, storage.Tree{"a": storage.Tree{"b": "1", "c": storage.Tree{"d": []string{"2"}}}, "x": nil})
		m := l.manager
		check := func(path string, want any) {
			t.Helper()
			got, err := m.Get(path)
			if _, ok := errors.AsType[*configuration.NotFoundError](err); ok {
				got = "nothing"
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s is %#v, want %#v", path, got, want)
			}
		}
		names, err := m.Names("a")
		if err != nil || !reflect.DeepEqual(names, []string{"b", "c"}) {
			t.Errorf("names are %v, %v", names, err)
		}
		if names, err := m.Names("a", "b"); err != nil || len(names) != 0 {
			t.Errorf("names of a text are %v, %v", names, err)
		}
		got, _ := m.Get("a", "c")
		got.(storage.Tree)["d"].([]string)[0] = "changed"
		check("a", storage.Tree{"b": "1", "c": storage.Tree{"d": []string{"2"}}})

		if err := m.Update([]string{"a"}, storage.Tree{"b": configuration.Default{}, "c": storage.Tree{"d": configuration.Default{}, "e": "3"}, "f": nil}); err != nil {
			t.Error(err)
		}
		check("a", storage.Tree{"c": storage.Tree{"e": "3"}, "f": nil})
		if err := m.Update([]string{"a"}, storage.Tree{"c": storage.Tree{"e": configuration.Default{}}, "f": configuration.Default{}}); err != nil {
			t.Error(err)
		}
		check("a", "nothing")
		var build *storage.BuildError
		if err := m.Update([]string{"a"}, storage.Tree{"b": 7}); !errors.As(err, &build) {
			t.Errorf("a number gives %v", err)
		}
		check("a", "nothing")

		if err := errors.Join(m.Update([]string{"p", "q"}, storage.Tree{"r": "1"}), m.Rename([]string{"p", "q"}, []string{"s", "t"})); err != nil {
			t.Error(err)
		}
		check("p", "nothing")
		check("s", storage.Tree{"t": storage.Tree{"r": "1"}})
		if _, ok := errors.AsType[*configuration.NotFoundError](m.Rename([]string{"p"}, []string{"z"})); !ok {
			t.Error("nothing was renamed")
		}
		if _, ok := errors.AsType[*configuration.DuplicateIDError](m.Rename([]string{"s"}, []string{"x"})); !ok {
			t.Error("renamed to a name that is taken")
		}
		if err := errors.Join(m.Delete("s", "t", "r"), m.Delete("s", "t", "r"), m.Delete("nothing", "there")); err != nil {
			t.Error(err)
		}
		check("s", "nothing")
		l.settle()
		if err := m.Save(t.Context()); err != nil {
			t.Error(err)
		}
		l.settle("save")
		if got := l.stored("x"); got != nil {
			t.Errorf("stored is %v", got)
		}
		for _, err := range []error{m.Delete(), m.Delete("a", ""), m.Update(nil, nil), m.Rename(nil, []string{"a"})} {
			if err == nil {
				t.Error("an empty path is taken")
			}
		}
	})
}

func TestAccountWithDefaultsOnlyStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, storage.Tree{"Accounts": storage.Tree{"a@example.org": storage.Tree{"sip": storage.Tree{"register": "false"}}}})
		a := l.account("a@example.org")
		if err := l.manager.Update(a.Path(), storage.Tree{"sip": storage.Tree{"register": configuration.Default{}}}); err != nil {
			t.Fatal(err)
		}
		if got, err := l.manager.Get(a.Path()...); err != nil || !reflect.DeepEqual(got, storage.Tree{}) {
			t.Errorf("after Update: %v, %v", got, err)
		}
		if err := a.Update(set("sip.register", configuration.Default{})); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := l.stored(a.Path()...); !reflect.DeepEqual(got, storage.Tree{}) {
			t.Errorf("stored is %v", got)
		}
	})
}

func TestOrderOfCalls(t *testing.T) {
	m := configuration.NewManager(notification.NewCenter(nil), nil)
	_, err1 := m.Get("a")
	_, err2 := m.Names("a")
	_, err3 := configuration.NewGeneral(m, nil)
	_, err4 := configuration.AccountIDs(m)
	for i, err := range []error{err1, err2, err3, err4, m.Update([]string{"a"}, nil), m.Rename([]string{"a"}, []string{"b"}), m.Delete("a"), m.Save(t.Context())} {
		if !errors.Is(err, configuration.ErrNotStarted) {
			t.Errorf("call %d before Start gives %v", i, err)
		}
	}
	if m.Start(nil) == nil {
		t.Error("started without a storage")
	}
	if err := m.Start(storage.NewMemory()); err != nil {
		t.Fatal(err)
	}
	if err := m.Start(storage.NewMemory()); !errors.Is(err, configuration.ErrStarted) {
		t.Errorf("a second start gives %v", err)
	}
}
