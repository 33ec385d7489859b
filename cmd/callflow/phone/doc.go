// Package phone is a telephone for a terminal, and for scripts: it places and
// takes calls with a microphone and a loudspeaker, or with wave files, and has
// keys for what one does in a call.
//
//	p, err := phone.New(phone.Config{Out: os.Stdout, Keys: os.Stdin})
//	...
//	err = p.Call(ctx, "sip:bob@192.0.2.1")
//
// [Phone.Call] and [Phone.Answer] return when the call is over, or when all
// are; one of them may be called, once.
package phone

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/audio"
)

// Config says how the phone works. The zero value is a phone that listens on a
// free port of every address, without sound and without keys.
type Config struct {
	Net    transport.Net // nil means that of the system
	Host   netip.Addr    // local address; the zero Addr means any
	Port   int           // of UDP and TCP; 0 means any that is free
	TLS    *tls.Config   // nil means no TLS, unless Folder has an account with it
	ID     string        // who we are, user@domain or user; "" means the user of the system
	Folder string        // with the file "config": settings and accounts, which register; "" means none

	Transport string // "udp", "tcp" or "tls"; "" leaves it to the callee's URI and to DNS
	Proxy     string // where calls go, host or host:port; "" leaves it to DNS

	Driver audio.Driver // of sound devices; nil means that there are none
	Play   string       // wave file that is spoken in place of the microphone, over and over; "" means none
	Record string       // wave file that both sides of the call are recorded to; "" means none

	AutoAnswer bool          // take every call at once, several at a time
	Calls      int           // Answer returns after as many calls; 0 means when it is told to
	Duration   time.Duration // hang up when a call has stood that long; 0 means never

	Quiet func() // called when nothing happens, now and then: the time to tidy up; nil means nothing

	Keys     io.Reader // one octet is one key; nil means none
	Out      io.Writer // what happens, a line each; nil means nowhere
	Terminal bool      // Out is a terminal in raw mode: levels are shown
	Logger   *slog.Logger
}

// Help tells the keys.
const Help = `keys: a answer   r refuse   h hold or resume   m mute   0-9 * # A-D touch tones
      t transfer: type where to, then Enter   q hang up, and leave without a call   ? this help`
