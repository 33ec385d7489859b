package sipsimple

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// ErrAlreadyUsed is returned by the second start of an application.
var ErrAlreadyUsed = errors.New("the application has been started before")

// stopLimitOfAll bounds the stop of an application unless its Config says so.
const stopLimitOfAll = 10 * time.Second

// Start begins an application without storage: with the ports and accounts of
// its Config. It opens the sockets and the sound device and takes calls when it
// returns. SIPApplicationWillStart is posted first and SIPApplicationDidStart
// last, unless Stop was called meanwhile. An error of the engine or of the mixer
// is returned and ends the application: SIPApplicationDidEnd.
func (a *Application) Start() error {
	a.mu.Lock()
	if a.phase != notStarted {
		a.mu.Unlock()
		return ErrAlreadyUsed
	}
	a.phase = startingUp
	a.center.Post(a, SIPApplicationWillStart{})
	a.mu.Unlock()
	return a.boot(&parts{app: a})
}

// StartFrom begins an application with its storage (seed: SIPApplication.start;
// application.md 2.2). It loads the configuration and the accounts and returns;
// everything else follows in the background, told by notifications: after
// SIPApplicationWillStart that of every component, at last
// SIPApplicationDidStart ([Application.WaitStarted] waits for it). An observer of SIPApplicationWillStart that calls Stop
// prevents the rest. If the engine cannot start SIPApplicationDidEnd follows.
//
// Errors: those of [storage.Check] and of the configuration, which tell file,
// line and setting; then nothing has been started, and the application can be
// started again. [ErrAlreadyUsed] otherwise. Loading waits for observers, until
// ctx ends: an observer that calls StartFrom gives it the context of its
// notification.
func (a *Application) StartFrom(ctx context.Context, st storage.Storage) error {
	if err := storage.Check(st); err != nil {
		return err
	}
	a.mu.Lock()
	if a.phase != notStarted {
		phase := a.phase
		a.mu.Unlock()
		return fmt.Errorf("%w: it is %s", ErrAlreadyUsed, phaseNames[phase])
	}
	a.phase = loading
	a.mu.Unlock()

	l, err := a.loadFrom(ctx, st)
	a.mu.Lock()
	if err != nil {
		a.phase = notStarted
		a.mu.Unlock()
		closeStorage(st)
		return err
	}
	a.loaded = l
	a.mu.Unlock()
	go func() { _ = a.boot(&parts{app: a, loaded: l}) }()
	return nil
}

// closeStorage lets another process in.
func closeStorage(st storage.Storage) {
	if c, ok := st.(io.Closer); ok {
		_ = c.Close() // nothing is buffered there
	}
}

// Stop ends all sessions, gives registrations back and closes everything (seed:
// SIPApplication.stop). It returns at once; SIPApplicationWillEnd is posted now,
// though never before SIPApplicationWillStart, and SIPApplicationDidEnd when
// nothing is left, within Config.StopLimit whatever the peers do. Before the
// start and after Stop it does nothing.
func (a *Application) Stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopLocked()
}

func (a *Application) stopLocked() {
	switch a.phase {
	case loading:
		a.phase = loadingThenStop
	case startingUp: // the start goes on until the next place where it can turn round
		a.phase = startingThenStop
		a.center.Post(a, SIPApplicationWillEnd{})
	case running:
		a.phase = stopping
		a.center.Post(a, SIPApplicationWillEnd{})
		go a.shutDown()
	}
}

// willStart posts SIPApplicationWillStart, of an application with storage, and
// waits until observers have heard it.
func (a *Application) willStart() {
	a.mu.Lock()
	a.center.Post(a, SIPApplicationWillStart{})
	if a.phase == loadingThenStop {
		a.phase = startingThenStop
		a.center.Post(a, SIPApplicationWillEnd{})
	} else {
		a.phase = startingUp
	}
	a.mu.Unlock()
	_ = a.center.Flush(context.Background())
}

// stopWanted says whether Stop was called during the start.
func (a *Application) stopWanted() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.phase == startingThenStop
}

// didStart posts SIPApplicationDidStart, unless Stop was faster.
func (a *Application) didStart(p *parts) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.phase == startingThenStop {
		return false
	}
	a.phase = running
	a.parts = p
	a.center.Post(a, SIPApplicationDidStart{})
	close(a.started)
	return true
}

// shutDown undoes the start of a running application.
func (a *Application) shutDown() {
	a.mu.Lock()
	p := a.parts
	a.mu.Unlock()
	p.close()
	a.finish(nil)
}

// End reasons of SIPApplicationDidEnd.
const (
	byRequest    = "application request"
	engineFailed = "engine failed"
)

// finish is the end, because of an error of the start if fatal is not nil.
func (a *Application) finish(fatal error) {
	a.mu.Lock()
	a.phase, a.fatal = stopped, cmp.Or(a.fatal, fatal)
	reason := byRequest
	if a.fatal != nil {
		reason = engineFailed
	}
	a.center.Post(a, SIPApplicationDidEnd{EndReason: reason})
	a.mu.Unlock()
	close(a.done)
}
