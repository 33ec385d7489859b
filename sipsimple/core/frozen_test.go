package core_test

import (
	"slices"
	"testing"

	"github.com/emiago/sipgo/sip"
	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

func alice() core.ToHeader {
	return core.ToHeader{
		DisplayName: `Alice "A" Liddell`,
		URI: sip.Uri{
			Scheme: "sips", User: "alice", Password: "pw", Host: "example.test", Port: 5071,
			UriParams: sip.HeaderParams{{K: "transport", V: "tcp"}, {K: "lr"}},
		},
		Params: sip.HeaderParams{{K: "tag", V: "x7"}, {K: "q", V: `"a;b=1:2"`}},
	}
}

// TestToHeader: display name, URI and parameters are rendered, the tag is
// accessible (row X13).
func TestToHeader(t *testing.T) {
	to := alice()
	const want = `"Alice \"A\" Liddell" <sips:alice:pw@example.test:5071;transport=tcp;lr>;tag=x7;q="a;b=1:2"`
	if got := to.String(); got != want {
		t.Errorf("rendered as\n%s, want\n%s", got, want)
	}
	if to.Tag() != "x7" {
		t.Errorf("tag %q, want x7", to.Tag())
	}
	if got := (core.ToHeader{URI: sip.Uri{Scheme: "sip", Host: "example.test"}}); got.String() != "<sip:example.test>" || got.Tag() != "" {
		t.Errorf("bare: %s, tag %q", got, got.Tag())
	}
	read, err := core.ParseAddress(`Bob <sip:bob@example.test>;tag=y`)
	if err != nil || read.DisplayName != "Bob" || read.URI.User != "bob" || read.Tag() != "y" {
		t.Errorf("read: %v, %v", read, err)
	}
}

// TestFrozenHeaders: a frozen From or To header is what the mutable one was,
// whatever becomes of that and of copies, and can be compared (rows X14 and
// X15).
func TestFrozenHeaders(t *testing.T) {
	for name, freeze := range map[string]func(core.Address) core.Identity{
		"From": func(a core.Address) core.Identity { return a.FreezeFrom() },
		"To":   func(a core.Address) core.Identity { return a.FreezeTo() },
	} {
		mutable := alice()
		frozen := freeze(mutable)
		if !frozen.Equal(mutable) || frozen != freeze(alice()) || frozen.String() != mutable.String() {
			t.Errorf("%s: frozen %s, mutable %s", name, frozen, mutable)
		}
		thawed, uri, params := frozen.Thaw(), frozen.URI(), frozen.Params()
		for _, a := range []*core.Address{&mutable, &thawed, {URI: uri, Params: params}} {
			a.DisplayName, a.URI.User, a.URI.UriParams[0].V, a.Params[0].V = "Eve", "eve", "udp", "evil"
		}
		if !frozen.Equal(alice()) || frozen.Tag() != "x7" || frozen.DisplayName() != alice().DisplayName {
			t.Errorf("%s: a copy was changed, now the header is %s", name, frozen)
		}
		if frozen.Equal(mutable) || frozen == freeze(mutable) {
			t.Errorf("%s: equal to a header with other content", name)
		}
		if table := map[core.Identity]int{frozen: 1}; table[freeze(alice())] != 1 {
			t.Errorf("%s: not found as a key", name)
		}
	}
	if core.Identity(alice().FreezeFrom()) == core.Identity(alice().FreezeTo()) {
		t.Error("a From header is no To header")
	}
}

// TestThawUndoesFreeze: parameters survive, whatever is in them.
func TestThawUndoesFreeze(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := core.Address{DisplayName: rapid.String().Draw(t, "name"), URI: sip.Uri{Scheme: "sip", User: "u", Host: "h"}}
		for range rapid.IntRange(0, 4).Draw(t, "params") {
			a.Params = append(a.Params, sip.HeaderKV{K: rapid.String().Draw(t, "key"), V: rapid.String().Draw(t, "value")})
		}
		if b := a.FreezeTo().Thaw(); b.DisplayName != a.DisplayName || b.URI.String() != a.URI.String() || !slices.Equal(b.Params, a.Params) {
			t.Fatalf("%#v became %#v", a, b)
		}
	})
}
