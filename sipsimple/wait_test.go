package sipsimple_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// halfStorage lacks one of its two members.
type halfStorage struct {
	storage.Storage
	backend storage.ConfigurationBackend
	factory storage.XCAPStorageFactory
}

func (h halfStorage) ConfigurationBackend() storage.ConfigurationBackend { return h.backend }
func (h halfStorage) XCAPStorageFactory() storage.XCAPStorageFactory     { return h.factory }

// TestWhatIsNoStorage: without a storage, or with half of one, the start is an
// error, nothing is notified, and a good storage starts (row A13).
func TestWhatIsNoStorage(t *testing.T) {
	inLab(t, func(l *lab) {
		good := stored("alice@reg.test sip.register=false")
		p := l.phone("alice", good)
		for name, st := range map[string]storage.Storage{
			"none":       nil,
			"no backend": halfStorage{factory: good.XCAPStorageFactory()},
			"no factory": halfStorage{backend: good.ConfigurationBackend()},
		} {
			if err := p.StartFrom(context.Background(), st); err == nil || errors.Is(err, sipsimple.ErrAlreadyUsed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		p.expect()
		p.start()
		if !p.Running() || p.Storage() != good {
			t.Error("a good storage does not start")
		}
		p.stop()
	})
}

// TestWaitStarted: the start returns before the application runs; who waits is
// told when it does (row A20), or that it will not.
func TestWaitStarted(t *testing.T) {
	inLab(t, func(l *lab) {
		p := l.phone("alice", stored("alice@reg.test"))
		impatient, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := p.WaitStarted(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("before the start: %v", err)
		}
		result := make(chan error, 1)
		go func() { result <- p.WaitStarted(context.Background()) }()
		p.Center().AddObserver(notification.ObserverFunc(func(notification.Notification) {
			if p.Running() || len(result) > 0 {
				t.Errorf("in SIPApplicationWillStart it is %q", p.State())
			}
		}), notification.Filter{Name: "SIPApplicationWillStart"})
		must(t, p.StartFrom(context.Background(), p.storage))
		if err := <-result; err != nil || !p.Running() {
			t.Errorf("started: %v, running %v", err, p.Running())
		}
		p.stop()
		if err := p.WaitStarted(context.Background()); err != nil || p.Err() != nil {
			t.Errorf("it has started, and ended as asked: %v, %v", err, p.Err())
		}
		bob := l.phone("bob", stored("bob@reg.test"))
		bob.Center().AddObserver(notification.ObserverFunc(func(notification.Notification) { bob.Stop() }),
			notification.Filter{Name: "SIPApplicationWillStart"})
		must(t, bob.StartFrom(context.Background(), bob.storage))
		if err := bob.WaitStarted(context.Background()); !errors.Is(err, sipsimple.ErrNotRunning) || bob.Err() != nil {
			t.Errorf("stopped before: %v, %v", err, bob.Err())
		}
	})
}
