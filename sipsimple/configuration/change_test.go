package configuration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

func TestChangesOfFixedObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		g := l.general()
		update := func(change func(*configuration.Draft) error) {
			t.Helper()
			if err := g.Update(change); err != nil {
				t.Error(err)
			}
		}
		update(nil)
		update(func(*configuration.Draft) error { return nil })
		l.settle()

		update(func(d *configuration.Draft) error {
			g.SIP.UDPPort.Set(d, 1)
			g.SIP.UDPPort.Set(d, 2) // several assignments are one change
			g.Audio.AlertDevice.SetNull(d)
			g.RTP.AudioCodecList.Set(d, []configuration.AudioCodec{"PCMA"})
			return nil
		})
		if g.SIP.UDPPort.Get() != 2 {
			t.Error("the value does not count at once")
		}
		l.settle("SIPSimpleSettings SettingsObjectDidChange audio.alert_device: system_default -> <nil>"+
			" rtp.audio_codec_list: [G722 speex PCMU PCMA] -> [PCMA] sip.udp_port: 0 -> 2", "save")

		update(func(d *configuration.Draft) error { // back to what was saved
			g.SIP.UDPPort.Set(d, 3)
			g.SIP.UDPPort.Set(d, 2)
			return nil
		})
		l.settle()

		update(set("rtp.timeout", "30")) // the default, assigned to what was never set
		l.settle("SIPSimpleSettings SettingsObjectDidChange rtp.timeout: 30 -> 30", "save")
		if got := l.stored("SIPSimpleSettings", "rtp", "timeout"); got != "30" {
			t.Errorf("stored is %v", got)
		}
		update(set("rtp.timeout", "30"))
		l.settle()

		update(set("rtp.timeout", configuration.Default{}))
		l.settle("SIPSimpleSettings SettingsObjectDidChange rtp.timeout: 30 -> 30", "save")
		if got := l.stored("SIPSimpleSettings", "rtp", "timeout"); got != "nothing" {
			t.Errorf("stored is %v", got)
		}
		update(func(d *configuration.Draft) error {
			g.RTP.AudioCodecList.Reset(d)
			g.SIP.UDPPort.Reset(d)
			g.Audio.AlertDevice.Reset(d)
			return nil
		})
		l.settle("SIPSimpleSettings SettingsObjectDidChange audio.alert_device: <nil> -> system_default"+
			" rtp.audio_codec_list: [PCMA] -> [G722 speex PCMU PCMA] sip.udp_port: 2 -> 0", "save")
		if got := l.stored("SIPSimpleSettings"); got != "nothing" {
			t.Errorf("emptied groups are still stored: %q", got)
		}
		if err := g.Delete(); !errors.Is(err, configuration.ErrFixedID) {
			t.Errorf("Delete gives %v", err)
		}
		if err := g.Update(func(d *configuration.Draft) error { d.SetID("x"); return nil }); !errors.Is(err, configuration.ErrFixedID) {
			t.Errorf("SetID gives %v", err)
		}
		l.settle()
	})
}

func TestRefusedUpdateChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		g, a := l.general(), l.account("alice@example.org")
		boom := errors.New("boom")
		for name, c := range map[string]struct {
			change func(*configuration.Draft) error
			want   string
		}{
			"own error":   {func(d *configuration.Draft) error { g.SIP.UDPPort.Set(d, 1); return boom }, "boom"},
			"wrong value": {func(d *configuration.Draft) error { g.SIP.UDPPort.Set(d, 1); g.RTP.Timeout.Set(d, -1); return nil }, `SIPSimpleSettings.rtp.timeout: found "-1"; expected a whole number, 0 or more`},
			"two": {func(d *configuration.Draft) error {
				d.SetText("rtp.timeout", nil)
				d.SetText("audio.silent", "x")
				return nil
			}, "SIPSimpleSettings.rtp.timeout: found nothing; expected a whole number, 0 or more\nSIPSimpleSettings.audio.silent: found \"x\"; expected true or false"},
			"no such":      {set("sip.nothing", "1"), "SIPSimpleSettings has no setting sip.nothing"},
			"other object": {func(d *configuration.Draft) error { a.Enabled.Set(d, true); return nil }, "another object"},
			"group":        {set("rtp.timeout", storage.Tree{}), "found a group of settings; expected"},
		} {
			if err := g.Update(c.change); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s gives %v, want %s", name, err, c.want)
			}
		}
		if g.SIP.UDPPort.Get() != 0 {
			t.Error("a value was taken")
		}
		l.settle()
	})
}

func TestLifeOfAnAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		known := false
		a, err := configuration.NewAccount(l.manager, "sip:alice@example.org", configuration.AccountConfig{BeforeActivation: func() { known = true }})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Activate(t.Context()); err != nil || a.Active() || known {
			t.Errorf("a new account is active before its first save (%v)", err)
		}
		l.center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			if !known || !a.Active() {
				t.Error("announced before it is known")
			}
		}), notification.Filter{Name: "CFGSettingsObjectWasActivated", Sender: a})
		if _, err := configuration.NewAccount(l.manager, "alice@example.org", configuration.AccountConfig{}); err == nil || !strings.Contains(err.Error(), "has an object Accounts.alice@example.org already") {
			t.Errorf("a second one gives %v", err)
		}
		l.settle()
		if err := a.Save(t.Context(), nil); err != nil { // with defaults only
			t.Error(err)
		}
		l.settle("alice@example.org SettingsObjectWasActivated", "alice@example.org SettingsObjectWasCreated", "save")
		if got := fmt.Sprintf("%q", l.stored("Accounts")); got != "Tree(1 entries)" {
			t.Errorf("stored is %s", got)
		}

		if err := a.Save(t.Context(), func(d *configuration.Draft) error {
			d.SetID("alice@example.net")
			a.Enabled.Set(d, true)
			return nil
		}); err != nil {
			t.Error(err)
		}
		l.settle("alice@example.net SettingsObjectDidChange __id__: alice@example.org -> alice@example.net enabled: false -> true", "save")
		if ids, err := configuration.AccountIDs(l.manager); err != nil || fmt.Sprint(ids) != "[alice@example.net]" {
			t.Errorf("accounts are %v, %v", ids, err)
		}
		if got := l.stored("Accounts", "alice@example.net", "enabled"); got != "true" {
			t.Errorf("stored is %v", got)
		}
		b := l.account("bob@example.org")
		rename := func(id string) error {
			return a.Update(func(d *configuration.Draft) error { d.SetID(id); return nil })
		}
		if _, ok := errors.AsType[*configuration.DuplicateIDError](rename("bob@example.org")); !ok {
			t.Error("renamed to the id of another")
		}
		if err := rename("nobody"); err == nil || !strings.Contains(err.Error(), `Accounts.id: found "nobody"; expected a SIP address`) {
			t.Errorf("renamed to nonsense: %v", err)
		}
		if err := b.Delete(); err != nil { // never saved: vanishes
			t.Error(err)
		}
		l.settle()

		if err := errors.Join(a.Delete(), a.Delete(), a.Update(set("enabled", "false"))); err != nil {
			t.Error(err)
		}
		l.settle("alice@example.net SettingsObjectWasDeleted", "save")
		if !a.Deleted() || l.stored("Accounts") != "nothing" {
			t.Errorf("after Delete there is %v", l.stored("Accounts"))
		}
		l.account("alice@example.net") // the id is free again, and nothing is left of the old one
		l.settle()
	})
}

func TestSavingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		g, a := l.general(), l.account("alice@example.org")
		l.backend.fail = errors.New("no space left on device")
		if err := g.Save(t.Context(), set("rtp.timeout", "5")); !errors.Is(err, l.backend.fail) {
			t.Errorf("Save gives %v", err)
		}
		l.settle("SIPSimpleSettings SettingsObjectDidChange rtp.timeout: 30 -> 5", "save fails",
			"manager ManagerSaveFailed save: no space left on device rtp.timeout: 30 -> 5")
		_ = a.Update(nil)
		l.settle("alice@example.org SettingsObjectWasActivated", "alice@example.org SettingsObjectWasCreated", "save fails",
			"manager ManagerSaveFailed save: no space left on device")
		_ = a.Delete()
		l.settle("alice@example.org SettingsObjectWasDeleted", "save fails", "manager ManagerSaveFailed delete: no space left on device")
		if err := l.manager.Save(t.Context()); !errors.Is(err, l.backend.fail) {
			t.Errorf("Save of the manager gives %v", err)
		}
		l.backend.fail = nil
		if err := g.Save(t.Context(), set("sip.udp_port", "7")); err != nil {
			t.Error(err)
		}
		if got := l.stored("SIPSimpleSettings", "rtp", "timeout"); got != "5" {
			t.Errorf("what failed before is not saved with the next change: %v", got)
		}
	})
}

func TestObserversHearBeforeItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		g := l.general()
		l.backend.slow = func() { time.Sleep(time.Minute) } // virtual time: a slow disk
		h := l.center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			if l.stored("SIPSimpleSettings") != "nothing" {
				t.Error("written before the observers have heard of it")
			}
			if g.RTP.Timeout.Get() != 5 {
				t.Error("observers see the old value")
			}
			_ = g.Update(set("sip.udp_port", "9")) // an observer may update
		}), notification.Filter{Name: "CFGSettingsObjectDidChange", Sender: g})
		if err := g.Update(set("rtp.timeout", "5")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		h.Cancel()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.manager.Flush(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Flush on a slow disk gives %v", err)
		}
		if err := l.manager.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		l.settle("SIPSimpleSettings SettingsObjectDidChange rtp.timeout: 30 -> 5", "save",
			"SIPSimpleSettings SettingsObjectDidChange sip.udp_port: 0 -> 9", "save")
	})
}

func TestBonjour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, storage.Tree{"Accounts": storage.Tree{"bonjour@local": storage.Tree{"enabled": "true"}, "alice@example.org": storage.Tree{}}})
		b, err := configuration.NewBonjour(l.manager, configuration.BonjourConfig{})
		if err == nil {
			err = b.Activate(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		l.settle("bonjour@local SettingsObjectWasActivated")
		if b.Enabled.Get() {
			t.Error("enabled without multicast DNS")
		}
		if err := b.Update(set("enabled", "true")); err == nil || !strings.Contains(err.Error(), "Accounts.bonjour@local.enabled: found \"true\"; expected no assignment") {
			t.Errorf("assigning gives %v", err)
		}
		if _, ok := b.DisplayName.Get(); ok {
			t.Error("a display name of nobody")
		}
		if ids, _ := configuration.AccountIDs(l.manager); fmt.Sprint(ids) != "[alice@example.org]" {
			t.Errorf("accounts are %v", ids)
		}
		if err := b.Delete(); !errors.Is(err, configuration.ErrFixedID) {
			t.Errorf("Delete gives %v", err)
		}
		if _, err := configuration.NewAccount(l.manager, "bonjour@local", configuration.AccountConfig{}); err == nil {
			t.Error("an account with the id of the Bonjour account")
		}
		if err := b.Update(set("msrp.transport", "tls")); err != nil {
			t.Error(err)
		}
		l.settle("bonjour@local SettingsObjectDidChange msrp.transport: tcp -> tls", "save")
		if got := l.stored("Accounts", "bonjour@local", "enabled"); got != "true" {
			t.Errorf("what was stored is %v", got)
		}
	})
}
