package configuration_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

const badFile = `SIPSimpleSettings:
    user_agent: mine
    audio: loud
    rtp:
        timeout: soon # a comment
        port_range:
    sip:
        tcp_port: 5061
        tls_port: 5061
        udp_port: {a: b}
        transport_list: [udp, ws]
    mine: [kept]
Accounts:
    alice@example.org:
        enabled: maybe
        auth:
            password: [hunter2]
        sip:
            outbound_proxy: "sip:alice:hunter2@proxy.example.org"
            register_interval: 60
    bob@example.org:
        auth: hunter2
    carol@example.org:
        password: hunter2
        enabled: yes
Other: kept
`

// loaded are the objects of a file, with what was announced.
type loaded struct {
	st      *storage.File
	manager *configuration.Manager
	general *configuration.General
	account map[string]*configuration.Account
	events  []string
	log     bytes.Buffer
}

func load(t *testing.T, dir string) (*loaded, error) {
	t.Helper()
	l := &loaded{st: storage.NewFile(dir), account: map[string]*configuration.Account{}}
	t.Cleanup(func() { _ = l.st.Close() })
	log := slog.New(slog.NewTextHandler(&l.log, nil))
	l.st.Logger = log
	center := notification.NewCenter(log)
	center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		l.events = append(l.events, strings.ReplaceAll(event(n), dir+string(filepath.Separator), ""))
	}))
	l.manager = configuration.NewManager(center, log)
	if err := l.manager.Start(l.st); err != nil {
		return l, err
	}
	var err error
	if l.general, err = configuration.NewGeneral(l.manager, nil); err != nil {
		return l, err
	}
	if err := l.general.Activate(t.Context()); err != nil {
		return l, err
	}
	ids, err := configuration.AccountIDs(l.manager)
	for _, id := range ids {
		a, accountErr := configuration.NewAccount(l.manager, id, configuration.AccountConfig{})
		if accountErr != nil {
			return l, accountErr
		}
		l.account[id] = a
		if err := a.Activate(t.Context()); err != nil {
			return l, err
		}
	}
	return l, err
}

func TestBadValuesAreAnnounced(t *testing.T) {
	dir := folder(t, badFile)
	l, err := load(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`manager ManagerLoadFailed audio in SIPSimpleSettings: config:3:12: SIPSimpleSettings.audio: found a text; expected a group of settings`,
		`manager ManagerLoadFailed port_range in SIPSimpleSettings.rtp: config:6:9: SIPSimpleSettings.rtp.port_range: found nothing; expected a range of ports, such as 50000-50500`,
		`manager ManagerLoadFailed timeout in SIPSimpleSettings.rtp: config:5:18: SIPSimpleSettings.rtp.timeout: found "soon"; expected a whole number, 0 or more`,
		`manager ManagerLoadFailed udp_port in SIPSimpleSettings.sip: config:10:9: SIPSimpleSettings.sip.udp_port: found a group of settings; expected a port, 0 to 65535`,
		`manager ManagerLoadFailed transport_list in SIPSimpleSettings.sip: config:11:25: SIPSimpleSettings.sip.transport_list: found [udp, ws]; expected a list of one of tls, tcp, udp, none of them twice`,
		`manager ManagerLoadFailed tls_port in SIPSimpleSettings.sip: config:9:19: SIPSimpleSettings.sip.tls_port: found "5061"; expected a port other than sip.tcp_port, or 0`,
		`SIPSimpleSettings SettingsObjectWasActivated`,
		`manager ManagerLoadFailed enabled in Accounts.alice@example.org: config:15:18: Accounts.alice@example.org.enabled: found "maybe"; expected true or false`,
		`manager ManagerLoadFailed password in Accounts.alice@example.org.auth: config:17:23: Accounts.alice@example.org.auth.password: found a list; expected a text`,
		`manager ManagerLoadFailed outbound_proxy in Accounts.alice@example.org.sip: config:19:29: Accounts.alice@example.org.sip.outbound_proxy: found "sip:alice:(hidden)@proxy.example.org"; expected a proxy, such as proxy.example.org:5061;transport=tls, or null`,
		`alice@example.org SettingsObjectWasActivated`,
		`manager ManagerLoadFailed auth in Accounts.bob@example.org: config:22:15: Accounts.bob@example.org.auth: found a text; expected a group of settings`,
		`bob@example.org SettingsObjectWasActivated`,
		`carol@example.org SettingsObjectWasActivated`,
	}
	if got := strings.Join(l.events, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("announced is\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if strings.Contains(l.log.String(), "hunter2") {
		t.Errorf("the log shows a password:\n%s", l.log.String())
	}
	g, alice, carol := l.general, l.account["alice@example.org"], l.account["carol@example.org"]
	if g.UserAgent.Get() != "mine" || g.RTP.Timeout.Get() != 30 || g.SIP.TCPPort.Get() != 5061 || g.SIP.TLSPort.Get() != 0 {
		t.Error("good values are not taken, or bad ones are")
	}
	if alice.SIP.RegisterInterval.Get() != 60 || !alice.Auth.Password.Get().IsEmpty() || alice.Enabled.Get() {
		t.Error("the account of alice is wrong")
	}
	if carol.Auth.Password.Get().Reveal() != "hunter2" || !carol.Enabled.Get() {
		t.Error("a password in its old place is not taken")
	}

	before, _ := os.ReadFile(filepath.Join(dir, "config"))
	if string(before) != badFile {
		t.Error("loading has written")
	}
	if err := carol.Save(t.Context(), set("enabled", "false")); err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadFile(filepath.Join(dir, "config"))
	for _, kept := range []string{"audio: loud", "timeout: soon # a comment", "transport_list: [udp, ws]", "enabled: maybe", "mine: [kept]", "Other: kept", "auth: hunter2"} {
		if !strings.Contains(string(after), kept) {
			t.Errorf("saving another account lost %q", kept)
		}
	}
	if err := g.Save(t.Context(), set("sip.udp_port", "5070")); err != nil {
		t.Fatal(err)
	}
	after, _ = os.ReadFile(filepath.Join(dir, "config"))
	const saved = `SIPSimpleSettings:
    user_agent: mine
    sip:
        tcp_port: 5061
        udp_port: 5070
    mine: [kept]
Accounts:
    alice@example.org:
        enabled: maybe
`
	if !strings.HasPrefix(string(after), saved) {
		t.Errorf("after saving the general settings the file is\n%s\nwant first\n%s", after, saved)
	}
}

func TestStartAfterRepair(t *testing.T) {
	const broken = "Accounts:\n    alice@example.org:\n        auth:\n            password: \"hunter2\n"
	dir := folder(t, broken)
	path := filepath.Join(dir, "config")
	st := storage.NewFile(dir)
	defer st.Close()
	m := configuration.NewManager(notification.NewCenter(nil), nil)
	for range 2 {
		err := m.Start(st)
		if parse, ok := errors.AsType[*storage.ParseError](err); !ok || parse.File != path || parse.Line == 0 || strings.Contains(err.Error(), "hunter2") {
			t.Fatalf("a broken file gives %v", err)
		}
		if data, _ := os.ReadFile(path); string(data) != broken {
			t.Fatalf("the file was overwritten with %q", data)
		}
	}
	if _, err := configuration.NewGeneral(m, nil); !errors.Is(err, configuration.ErrNotStarted) {
		t.Errorf("after a failed start: %v", err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(broken, `"`, "", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.Start(st); err != nil {
		t.Fatalf("after the repair: %v", err)
	}
	a, err := configuration.NewAccount(m, "alice@example.org", configuration.AccountConfig{})
	if err != nil || a.Auth.Password.Get().Reveal() != "hunter2" {
		t.Errorf("the account is not there: %v", err)
	}
}

func TestStorageInUse(t *testing.T) {
	dir := folder(t, "")
	first, second := storage.NewFile(dir), storage.NewFile(dir)
	defer first.Close()
	if err := configuration.NewManager(notification.NewCenter(nil), nil).Start(first); err != nil {
		t.Fatal(err)
	}
	err := configuration.NewManager(notification.NewCenter(nil), nil).Start(second)
	if !errors.Is(err, storage.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second start on the folder gives %v", err)
	}
}

func TestAccountThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"Accounts:\n    alice:\n        enabled: true\n": `config:2:5: Accounts.id: found "alice"; expected a SIP address`,
		"Accounts:\n    alice@example.org: hunter2\n":    `config:2:24: Accounts.alice@example.org: found a text; expected a group of settings`,
	} {
		dir := folder(t, text)
		_, err := load(t, dir)
		if _, ok := errors.AsType[*configuration.ValueError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %s", text, err, want)
		}
	}
	dir := folder(t, "Accounts:\n    a@b@example.org:\n        enabled: true\n    bob@example.org:\n")
	l, err := load(t, dir)
	if err != nil || !l.account["a@b@example.org"].Enabled.Get() || l.account["a@b@example.org"].ID() != "a%40b@example.org" {
		t.Errorf("an id in another form: %v", err)
	}
	if !l.account["bob@example.org"].Active() {
		t.Error("an account with nothing in it is none")
	}
}

func TestNothingPrintsAPassword(t *testing.T) {
	const password = "hunter2 is my secret"
	dir := folder(t, "")
	l, err := load(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	center := notification.NewCenter(log)
	m := configuration.NewManager(center, log)
	if err := m.Start(storage.NewMemory()); err != nil {
		t.Fatal(err)
	}
	show := func(values ...any) {
		for _, v := range values {
			fmt.Fprintf(&out, "%v %+v %#v %s %q %x\n", v, v, v, v, v, v)
			log.Info("shown", "value", v)
		}
	}
	center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		show(n.Data, n.Fields(), n.Sender)
	}))
	a, err := configuration.NewAccount(m, "alice@example.org", configuration.AccountConfig{})
	if err != nil {
		t.Fatal(err)
	}
	secret := configuration.NewSecret(password)
	change := func(text string) error {
		return a.Save(t.Context(), func(d *configuration.Draft) error {
			a.Auth.Password.Set(d, configuration.NewSecret(text))
			show(d, *d, a.Auth.Password)
			return nil
		})
	}
	for _, text := range []string{password, "x" + password, password} {
		if err := change(text); err != nil {
			t.Fatal(err)
		}
	}
	show(change("\x00" + password))
	tree, _ := m.Get("Accounts")
	hidden := struct{ inner configuration.Secret }{secret}
	show(secret, &secret, hidden, []any{secret}, map[string]any{"a": secret}, a, *a, a.Object, a.Values(), tree, l.manager)
	text := out.String()
	if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
		i := strings.Index(text, "hunter2")
		t.Errorf("shown is …%s…", text[max(0, i-200):min(len(text), i+100)])
	}
	if !strings.Contains(text, "(hidden)") || a.Auth.Password.Get() != secret || a.Auth.Password.Get().Reveal() != password {
		t.Error("the password is lost")
	}
}
