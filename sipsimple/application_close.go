package sipsimple

import "time"

// close undoes the start, in the order of application.md 2.3, within the limit
// of the application.
func (p *parts) close() {
	a := p.app
	deadline := time.Now().Add(a.cfg.StopLimit)
	if p.monitor != nil {
		p.monitor.stop()
	}
	if p.follower != nil {
		p.handle.Cancel()
		a.worker.Post(p.follower.end)
		a.finishWork()
	}
	if p.nat != nil {
		p.nat.stop()
	}
	var accounts <-chan struct{}
	if p.accounts {
		accounts = p.loaded.accounts.BeginStop()
	}
	if p.sessions {
		a.manager.stop()
	}
	p.await(accounts, deadline)
	a.leaving.await(time.Until(deadline))
	p.cancel() // look-ups
	if p.dns != nil {
		p.dns.Stop()
	}
	p.closeEngine()
	if p.sound != nil {
		p.sound.Stop()
	}
	if p.loaded == nil {
		return
	}
	p.loaded.accounts.Close()
	p.loaded.accounts.Wait()
	p.flush(max(saveLimit, time.Until(deadline)))
	closeStorage(p.loaded.storage)
}

func (p *parts) await(done <-chan struct{}, deadline time.Time) {
	if done == nil {
		return
	}
	limit := time.NewTimer(max(time.Until(deadline), 1))
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		p.app.cfg.Logger.Error("accounts do not end in time")
	}
}

func (p *parts) closeEngine() {
	if p.engine == nil {
		return
	}
	p.postEngine(p.engine, SIPEngineWillEnd{})
	p.engine.Close()
	p.postEngine(p.engine, SIPEngineDidEnd{})
}

// finishWork waits for the worker.
func (a *Application) finishWork() {
	done := make(chan struct{})
	a.worker.Post(func() { close(done) })
	<-done
}
