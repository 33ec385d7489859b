package sipsimple_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/simnet/sipserver"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// failing is a storage that fails until it is repaired.
type failing struct {
	*storage.Memory
	load func() (storage.Tree, error) // nil: as the memory
	save func() error
	made []string // accounts that a store for documents was made for
}

func (b *failing) ConfigurationBackend() storage.ConfigurationBackend { return b }

func (b *failing) Load() (storage.Tree, error) {
	if b.load != nil {
		return b.load()
	}
	return b.Memory.ConfigurationBackend().Load()
}

func (b *failing) Save(tree storage.Tree) error {
	if b.save != nil {
		if err := b.save(); err != nil {
			return err
		}
	}
	return b.Memory.ConfigurationBackend().Save(tree)
}

func (b *failing) XCAPStorageFactory() storage.XCAPStorageFactory {
	return func(id string) (storage.XCAPStorage, error) {
		b.made = append(b.made, id)
		return b.Memory.XCAPStorageFactory()(id)
	}
}

// TestStartAgain: a start that failed while loading posts nothing of the
// application and can be repeated; after the repair it works, with the same
// application. The store for documents is made once for each account (row T4).
func TestStartAgain(t *testing.T) {
	inLab(t, func(l *lab) {
		disk := errors.New("disk")
		st := &failing{Memory: stored("alice@reg.test sip.register=false")}
		p := l.phone("alice", st)
		for name, load := range map[string]func() (storage.Tree, error){
			"load":     func() (storage.Tree, error) { return nil, disk },
			"settings": func() (storage.Tree, error) { return storage.Tree{"SIPSimpleSettings": "text"}, nil },
			"account": func() (storage.Tree, error) {
				return storage.Tree{"Accounts": storage.Tree{"nobody": storage.Tree{}}}, nil
			},
		} {
			st.load = load
			err := p.StartFrom(context.Background(), st)
			if err == nil || name == "load" && !errors.Is(err, disk) {
				t.Errorf("%s: %v", name, err)
			}
			if p.Storage() != nil || p.Running() || p.State() != "" {
				t.Errorf("%s: it is %q", name, p.State())
			}
		}
		synctest.Wait()
		for _, line := range p.log {
			if strings.HasPrefix(line, "Application") || strings.HasPrefix(line, "Engine") {
				t.Errorf("posted %s", line)
			}
		}
		if err := p.StartFrom(context.Background(), nil); err == nil {
			t.Error("no storage is accepted")
		}
		st.load = nil
		p.forget()
		p.start()
		p.expect(slices.Concat(beforeStart, whileStarting)...)
		if !p.Running() || p.Storage() != st {
			t.Error("not running with its storage")
		}
		if !slices.Equal(st.made, []string{"alice@reg.test"}) {
			t.Errorf("stores for documents: %v", st.made)
		}
		if err := p.StartFrom(context.Background(), st); !errors.Is(err, sipsimple.ErrAlreadyUsed) {
			t.Errorf("second start: %v", err)
		}
		p.stop()
		if err := p.StartFrom(context.Background(), st); !errors.Is(err, sipsimple.ErrAlreadyUsed) {
			t.Errorf("start after the end: %v", err)
		}
	})
}

// Stop wins at whatever notification of the start it is called: WillStart,
// WillEnd and DidEnd come once each and in this order, DidStart never after
// WillEnd, and nothing is left behind (D7).
func TestStopDuringStart(t *testing.T) {
	moments := slices.Concat(whileStarting, []string{"AccountWillRegister", "GotAnswer 401 192.0.2.1"})
	for i := -1; i < len(moments); i++ {
		name := "at once"
		if i >= 0 {
			name = moments[i]
		}
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				server := l.registrar("reg", func(c *sipserver.Config) { c.Users = nil })
				defer server.Close()
				p := l.phone("alice", stored("alice@reg.test"))
				p.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
					if brief(n) == name {
						p.Stop()
					}
				}))
				must(t, p.StartFrom(context.Background(), p.storage))
				if i < 0 {
					p.Stop()
				}
				pass(time.Second)
				p.Stop()
				<-p.Done()
				synctest.Wait()
				judgeLife(t, p.log)
				if i >= 0 && moments[i] == "ApplicationWillStart" && !slices.Contains(p.log, "ApplicationWillEnd") {
					t.Error("no WillEnd")
				}
				if open := p.host.OpenSockets(); len(open) > 0 || len(server.Bindings()) > 0 {
					t.Errorf("left: %v, %v", open, server.Bindings())
				}
			})
		})
	}
}

// judgeLife checks the order of the notifications of a whole life.
func judgeLife(t *testing.T, log []string) {
	t.Helper()
	places := map[string]int{}
	for i, line := range log {
		if strings.HasPrefix(line, "Application") {
			if _, twice := places[line]; twice {
				t.Errorf("%s came twice", line)
			}
			places[line] = i
		}
	}
	at := func(name string) int {
		if i, ok := places["Application"+name]; ok {
			return i
		}
		return -1
	}
	if at("WillStart") < 0 || at("WillEnd") < at("WillStart") || at("DidEnd") < at("WillEnd") || at("DidEnd") != len(log)-1 {
		t.Errorf("the order is wrong: %s", strings.Join(log, ", "))
	}
	if at("DidStart") > at("WillEnd") {
		t.Error("DidStart came after WillEnd")
	}
}

// TestEngineFails: an engine that cannot start ends the application, for good
// (row A18); who waits for the start gets its error (row A20).
func TestEngineFails(t *testing.T) {
	inLab(t, func(l *lab) {
		p := l.phone("alice", stored("alice@reg.test"))
		conn, err := p.host.ListenPacket("udp", fmt.Sprintf("%v:5060", p.host.Addr()))
		must(t, err)
		p.start()
		<-p.Done()
		synctest.Wait()
		p.expect(slices.Concat(beforeStart, whileStarting[:5], []string{"EngineDidFail", "ApplicationDidEnd"})...)
		if last := p.all[len(p.all)-1].Data; last != (sipsimple.SIPApplicationDidEnd{EndReason: "engine failed"}) {
			t.Errorf("the last is %v", last)
		}
		if p.Running() || p.Err() == nil || !errors.Is(p.WaitStarted(context.Background()), p.Err()) {
			t.Errorf("running %v, error %v", p.Running(), p.Err())
		}
		if err := p.StartFrom(context.Background(), p.storage); !errors.Is(err, sipsimple.ErrAlreadyUsed) {
			t.Errorf("start again: %v", err)
		}
		must(t, conn.Close())
		p.stop()
	})
}

// Without its certificate the application starts without TLS, and takes it when
// the settings are right.
func TestFailedToStartTLS(t *testing.T) {
	inLab(t, func(l *lab) {
		files := map[string][]byte{}
		st := stored("alice@reg.test sip.register=false tls.certificate=/alice.pem")
		tree, _ := st.ConfigurationBackend().Load()
		put(tree, []string{"SIPSimpleSettings", "sip", "tls_port"}, "5061")
		put(tree, []string{"SIPSimpleSettings", "default_account"}, "alice@reg.test")
		tree["SIPSimpleSettings"].(storage.Tree)["sip"].(storage.Tree)["transport_list"] = []string{"udp", "tls"}
		must(t, st.ConfigurationBackend().Save(tree))
		p := l.phone("alice", st, func(c *sipsimple.Config) {
			c.ReadFile = func(name string) ([]byte, error) {
				if data, ok := files[name]; ok {
					return data, nil
				}
				return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
			}
		})
		p.start()
		var failure error
		for _, n := range p.all {
			if d, ok := n.Data.(sipsimple.SIPApplicationFailedToStartTLS); ok {
				failure = d.Error
			}
		}
		if !errors.Is(failure, fs.ErrNotExist) {
			t.Errorf("failed with %v", failure)
		}
		if _, ok := p.Engine().Addr("tls"); ok || !p.Running() {
			t.Error("TLS runs, or the application does not")
		}
		if _, ok := p.Engine().Addr("tcp"); ok {
			t.Error("TCP runs though it is not listed")
		}
		p.forget()
		settings := p.AccountManager().DefaultAccount().Settings()
		must(t, settings.Update(func(d *configuration.Draft) error { settings.TLS.Certificate.SetNull(d); return nil }))
		synctest.Wait()
		p.expect("CFGSettingsObjectDidChange")
		if at, ok := p.Engine().Addr("tls"); !ok || at.Port() != 5061 {
			t.Errorf("TLS is at %v", at)
		}
		must(t, p.Settings().Update(func(d *configuration.Draft) error {
			p.Settings().SIP.UDPPort.Set(d, 5070)
			p.Settings().SIP.TransportList.Set(d, []configuration.SIPTransport{"tcp", "udp"})
			return nil
		}))
		synctest.Wait()
		udp, _ := p.Engine().Addr("udp")
		tcp, _ := p.Engine().Addr("tcp")
		if _, tls := p.Engine().Addr("tls"); tls || udp.Port() != 5070 || tcp.Port() != 5060 {
			t.Errorf("udp %v, tcp %v, tls %v", udp, tcp, tls)
		}
		p.stop()
	})
}

// The registrar and the storage are dead: the end comes all the same.
func TestStopWithEverythingDead(t *testing.T) {
	inLab(t, func(l *lab) {
		server := l.registrar("reg")
		defer server.Close()
		forever := make(chan struct{})
		defer close(forever)
		st := &failing{Memory: stored("alice@reg.test auth.password=secret")}
		p := l.phone("alice", st)
		p.start()
		pass(time.Second)
		l.net.Cut("alice", "reg")
		l.net.Cut("reg", "alice")
		p.forget()
		begun := time.Now()
		p.Stop()
		p.Stop()
		<-p.Done()
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("the stop took %v", took)
		}
		p.expect("ApplicationWillEnd", "AccountManagerWillEnd", "AccountWillDeactivate", "SessionManagerWillEnd", "SessionManagerDidEnd",
			"DidNotEnd 408 Request Timeout", "AccountDidDeactivate", "AccountManagerDidEnd", "EngineWillEnd", "EngineDidEnd", "ApplicationDidEnd")
	})
}

// A storage that does not save is told of, and does not hold up anybody.
func TestSaveFails(t *testing.T) {
	inLab(t, func(l *lab) {
		st := &failing{Memory: stored("alice@reg.test sip.register=false"), save: func() error { return errors.New("full") }}
		p := l.phone("alice", st)
		p.start()
		if !p.Running() || !slices.Contains(p.log, "CFGManagerSaveFailed") {
			t.Errorf("running %v, notified of %v", p.Running(), p.log)
		}
		p.stop()
	})
}

// TestMixers: there are two bridges, each on a mixer of its own with its device
// in it (row A8), which are new ones after a change of the sample rate.
func TestMixers(t *testing.T) {
	inLab(t, func(l *lab) {
		p := l.phone("alice", stored())
		if p.VoiceAudioMixer() != nil || p.AlertAudioBridge() != nil || p.LocalNATType() != "unknown" {
			t.Error("attributes before the start")
		}
		p.start()
		if p.VoiceAudioBridge() == p.AlertAudioBridge() || p.VoiceAudioMixer() == p.AlertAudioMixer() || p.VoiceAudioBridge().Mixer() != p.VoiceAudioMixer() ||
			p.AlertAudioBridge().Mixer() != p.AlertAudioMixer() || !p.AlertAudioBridge().Contains(p.AlertAudioDevice()) || !p.VoiceAudioBridge().Contains(p.VoiceAudioDevice()) {
			t.Error("bridges and devices")
		}
		old := p.VoiceAudioMixer()
		must(t, p.Settings().Update(func(d *configuration.Draft) error { p.Settings().Audio.SampleRate.Set(d, 16000); return nil }))
		pass(time.Millisecond)
		if p.VoiceAudioMixer() == old || p.VoiceAudioMixer().SampleRate() != 16000 {
			t.Errorf("mixer at %d Hz", p.VoiceAudioMixer().SampleRate())
		}
		p.stop()
	})
}
