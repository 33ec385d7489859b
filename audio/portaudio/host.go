//go:build portaudio && cgo

package portaudio

import (
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gordonklaus/portaudio"
)

// How long PortAudio may take to stop or close something, and for everything
// that somebody waits for.
const (
	stopLimit = 4 * time.Second
	callLimit = 10 * time.Second
)

// host owns PortAudio, which knows only one state for the whole process and is
// not safe for concurrent use: a goroutine on a thread of its own makes all the
// calls.
type host struct {
	log   *slog.Logger
	after <-chan struct{} // closed: the host before has ended
	calls chan *call
	poke  chan struct{} // buffered: devices have been paused or resumed
	done  chan struct{}

	listed atomic.Pointer[list]

	mu       sync.Mutex
	watchers map[*driver]func()

	// Of the goroutine.
	running  bool // PortAudio is initialised
	jack     *jack
	broken   bool // it hangs somewhere: it is left alone for ever
	attached []*device
	watch    watch
}

// call is something to do on the goroutine.
type call struct {
	do   func() error
	last bool // the goroutine ends
	done chan error
}

// shared is the one host of the process. That PortAudio has global state is not
// our choice.
var shared struct {
	mu    sync.Mutex
	host  *host
	users int
}

func acquire(log *slog.Logger) *host {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.users == 0 {
		free := make(chan struct{})
		close(free)
		h := &host{
			log: log, after: free, calls: make(chan *call), poke: make(chan struct{}, 1), done: make(chan struct{}),
			watchers: map[*driver]func(){},
		}
		if shared.host != nil {
			h.after = shared.host.done
		}
		h.listed.Store(&list{})
		shared.host = h
		go h.run()
	}
	shared.users++
	return shared.host
}

// release ends the host when nobody uses it any more.
func (h *host) release() error {
	shared.mu.Lock()
	shared.users--
	last := shared.users == 0
	shared.mu.Unlock()
	if !last {
		return nil
	}
	return h.ask(&call{do: h.terminate, last: true, done: make(chan error, 1)})
}

// do has something done on the goroutine. The error is its own, or [ErrHangs].
func (h *host) do(f func() error) error { return h.ask(&call{do: f, done: make(chan error, 1)}) }

func (h *host) ask(c *call) error {
	timer := time.NewTimer(callLimit)
	defer timer.Stop()
	select {
	case h.calls <- c:
	case <-timer.C:
		return ErrHangs
	}
	select {
	case err := <-c.done:
		return err
	case <-timer.C:
		return ErrHangs
	}
}

func (h *host) run() {
	defer close(h.done)
	<-h.after
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case c := <-h.calls:
			c.done <- c.do()
			if c.last {
				return
			}
		case <-h.poke:
			h.settle()
		case <-ticker.C:
			h.look(time.Now())
		}
	}
}

// initialise starts PortAudio, if it is not running, and reads the list.
func (h *host) initialise() error {
	switch {
	case h.broken:
		return ErrHangs
	case h.running:
		return nil
	}
	if err := portaudio.Initialize(); err != nil {
		return err
	}
	h.running, h.jack = true, connectedJack()
	l, err := readList()
	h.listed.Store(&l)
	return err
}

func (h *host) terminate() error {
	if !h.running || h.broken {
		return nil
	}
	h.running = false
	if h.jack.gone() {
		return h.giveUp("the sound server has ended")
	}
	return h.bounded(portaudio.Terminate)
}

// bounded does something that may never return. Then PortAudio is left alone:
// there are no devices any more.
func (h *host) bounded(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(stopLimit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return h.giveUp("PortAudio hangs")
	}
}

// giveUp leaves PortAudio alone for ever.
func (h *host) giveUp(why string) error {
	h.broken = true
	for _, d := range h.attached {
		d.unplug()
	}
	h.listed.Store(&list{})
	h.log.Error(why + "; this process has no sound devices any more")
	h.tell()
	return ErrHangs
}

// tell calls those who watch, from a goroutine of its own: they may ask us.
func (h *host) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, changed := range h.watchers {
		go changed()
	}
}

func (h *host) setWatcher(d *driver, changed func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if changed == nil {
		delete(h.watchers, d)
		return
	}
	h.watchers[d] = changed
}

func (h *host) isWatched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers) > 0
}
