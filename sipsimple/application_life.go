package sipsimple

import (
	"errors"
	"fmt"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// ErrAlreadyUsed is returned by the second Start of an application.
var ErrAlreadyUsed = errors.New("the application has been started before")

// Start opens the sockets and the sound device and takes calls from then on
// (seed: SIPApplication.start; application.md 2.2). SIPApplicationWillStart is
// posted first and SIPApplicationDidStart last, unless Stop was called
// meanwhile. An error of the engine or of the mixer is returned and ends the
// application: SIPApplicationDidEnd.
func (a *Application) Start() error {
	a.mu.Lock()
	if a.phase != notStarted {
		a.mu.Unlock()
		return ErrAlreadyUsed
	}
	a.phase = startingUp
	a.center.Post(a, SIPApplicationWillStart{})
	a.mu.Unlock()

	if err := a.open(); err != nil {
		a.finish()
		return err
	}
	a.manager.start()

	a.mu.Lock()
	if a.phase == startingThenStop {
		a.phase = stopping
		a.mu.Unlock()
		go a.shutDown()
		return nil
	}
	a.phase = running
	a.center.Post(a, SIPApplicationDidStart{})
	a.mu.Unlock()
	return nil
}

// open makes what the application runs on.
func (a *Application) open() error {
	cfg := a.cfg
	mixer, err := audio.NewMixer(audio.MixerConfig{Device: cfg.Sound, Center: a.center, Logger: cfg.Logger})
	if err != nil {
		return fmt.Errorf("sound: %w", err)
	}
	engine, err := a.newEngine()
	if err != nil {
		return errors.Join(fmt.Errorf("engine: %w", err), mixer.Close())
	}
	a.platform.Store(&platform{engine: engine, mixer: mixer, env: streams.Environment{
		Center: a.center, Net: cfg.Net, Rand: cfg.Rand, Logger: cfg.Logger, Mixer: mixer, RTP: cfg.RTP,
	}})
	return nil
}

// newEngine opens the SIP stack. If it does not start with TLS but does without,
// the application goes on without TLS and says so (seed:
// SIPApplicationFailedToStartTLS).
func (a *Application) newEngine() (*core.Engine, error) {
	cfg := core.Config{
		Net: a.cfg.Net, Rand: a.cfg.Rand, Logger: a.cfg.Logger, UserAgent: a.cfg.UserAgent,
		Host: a.cfg.Host, UDPPort: a.cfg.UDPPort, TCPPort: a.cfg.TCPPort, TLSPort: a.cfg.TLSPort, TLS: a.cfg.TLS,
		OnInvite: a.manager.handleInvite, OnMessage: a.gotMessage, Trace: a.cfg.Trace,
	}
	engine, err := core.NewEngine(cfg)
	if err == nil || cfg.TLS == nil || cfg.TLSPort < 0 {
		return engine, err
	}
	cfg.TLS, cfg.TLSPort = nil, -1
	engine, errWithout := core.NewEngine(cfg)
	if errWithout != nil {
		return nil, errWithout
	}
	a.center.Post(a, SIPApplicationFailedToStartTLS{Error: err})
	return engine, nil
}

// Stop ends all sessions and closes everything (seed: SIPApplication.stop). It
// returns at once; SIPApplicationWillEnd is posted now and
// SIPApplicationDidEnd when nothing is left, within a few seconds whatever the
// peers do. Before Start and after Stop it does nothing.
func (a *Application) Stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch a.phase {
	case startingUp: // Start goes on until the next place where it can turn round
		a.phase = startingThenStop
		a.center.Post(a, SIPApplicationWillEnd{})
	case running:
		a.phase = stopping
		a.center.Post(a, SIPApplicationWillEnd{})
		go a.shutDown()
	}
}

// shutDown undoes Start. It is the only goroutine an application starts itself,
// and ends with SIPApplicationDidEnd.
func (a *Application) shutDown() {
	a.manager.stop()
	a.lookups.Wait()
	p := a.platform.Load()
	p.engine.Close()
	if err := p.mixer.Close(); err != nil {
		a.cfg.Logger.Error("sound device did not close", "error", err)
	}
	a.finish()
}

func (a *Application) finish() {
	a.mu.Lock()
	a.phase = stopped
	a.center.Post(a, SIPApplicationDidEnd{})
	a.mu.Unlock()
	close(a.done)
}
