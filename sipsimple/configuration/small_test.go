package configuration_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

func TestTypedValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, storage.Tree{"Accounts": storage.Tree{"alice@example.org": storage.Tree{}}})
		a, g := l.account("alice@example.org"), l.general2()
		err := a.Update(func(d *configuration.Draft) error {
			a.SIP.OutboundProxy.Set(d, configuration.ProxyAddress{Host: "p.example.org", Port: 5, Transport: "tcp"})
			a.NATTraversal.STUNServerList.Set(d, []configuration.STUNServer{{Host: "s", Port: 1}, {Host: "[2001:db8::1]", Port: 2}})
			a.MessageSummary.VoicemailURI.Set(d, configuration.SIPAddress{Username: "vm", Domain: "example.org"})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		list, ok := a.NATTraversal.STUNServerList.Get()
		if !ok || len(list) != 2 || list[1].Host != "[2001:db8::1]" {
			t.Errorf("the list is %v", list)
		}
		list[0].Host = "changed"
		if again := a.NATTraversal.STUNServerList.Or(nil); again[0].Host != "s" {
			t.Error("a list that was handed out is the one inside")
		}
		codecs := g.RTP.AudioCodecList.Get()
		codecs[0] = "x"
		if g.RTP.AudioCodecList.Get()[0] != configuration.CodecG722 {
			t.Error("the default was changed from outside")
		}
		if codecs := a.RTP.AudioCodecList.Or(g.RTP.AudioCodecList.Get()); len(codecs) != 4 {
			t.Errorf("codecs are %v", codecs)
		}
		if a.SIP.OutboundProxy.Path() != "sip.outbound_proxy" || a.Address().Domain != "example.org" {
			t.Error("path or address is wrong")
		}
		if err := a.Update(func(d *configuration.Draft) error {
			a.SIP.OutboundProxy.Set(d, configuration.ProxyAddress{})
			return nil
		}); err == nil {
			t.Error("an empty proxy was accepted")
		}
		synctest.Wait()
	})
}

// general2 are the general settings, whatever else has happened.
func (l *lab) general2() *configuration.General {
	l.t.Helper()
	g, err := configuration.NewGeneral(l.manager, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	return g
}

func TestExpandPath(t *testing.T) {
	t.Setenv("HOME", "/home/alice")
	for path, want := range map[configuration.Path]string{"~": "/home/alice", "~/a/b": "/home/alice/a/b", "/a": "/a", "~bob/x": "~bob/x", "": ""} {
		if got, err := path.Expand(); err != nil || got != filepath.FromSlash(want) {
			t.Errorf("%s is %s, %v", path, got, err)
		}
	}
	t.Setenv("HOME", "")
	if _, err := configuration.Path("~/a").Expand(); err == nil {
		t.Error("a home folder of nobody")
	}
}

func TestNotificationFields(t *testing.T) {
	for _, data := range configuration.Notifications() {
		if !strings.HasPrefix(data.NotificationName(), "CFG") {
			t.Error(data.NotificationName())
		}
	}
	m := configuration.Modified{"a.b": {Old: 1, New: nil}}
	fields := notification.DataFields(configuration.CFGSettingsObjectDidChange{Modified: m})
	change := fields["modified"].(map[string]any)["a.b"].(map[string]any)
	if change["old"] != 1 || change["new"] != nil || !m.Has("x", "a.b") || m.Has("x") {
		t.Errorf("fields are %v", fields)
	}
}

func TestMistakesOfTheProgrammer(t *testing.T) {
	m := configuration.NewManager(notification.NewCenter(nil), nil)
	if err := m.Start(storage.NewMemory()); err != nil {
		t.Fatal(err)
	}
	var kept *configuration.Object
	for name, define := range map[string]func(*configuration.Object){
		"twice": func(o *configuration.Object) {
			configuration.Add(o, "a", configuration.BoolSetting, true)
			configuration.Add(o, "a", configuration.BoolSetting, true)
		},
		"setting and group": func(o *configuration.Object) {
			configuration.Add(o, "a", configuration.BoolSetting, true)
			configuration.Add(o, "a.b", configuration.BoolSetting, true)
		},
		"bad default": func(o *configuration.Object) { configuration.Add(o, "a", configuration.NonNegativeSetting, -1) },
		"late": func(o *configuration.Object) {
			if kept != nil {
				configuration.Add(kept, "late", configuration.BoolSetting, true)
			}
			panic("too early")
		},
	} {
		if name == "late" {
			kept, _ = configuration.NewObject(m, configuration.ObjectConfig{ID: "kept"}, func(*configuration.Object) {})
		}
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "configuration: ") {
					t.Errorf("%s: %v", name, text)
				}
			}()
			_, _ = configuration.NewObject(m, configuration.ObjectConfig{ID: name}, define)
		}()
	}
}
