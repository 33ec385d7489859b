// Package udp sends and receives datagrams on sockets of the system. On Linux it
// does so without a word to the Go scheduler: a call to a socket that does not
// block is over before another goroutine could have made use of its processor, and
// each that is announced may wake the monitor thread of the runtime. For a phone
// with a thousand calls a second that was a tenth of its processor time.
package udp

// Turn is how many datagrams are read before others have a turn: without a word to
// the scheduler, a flood of them would keep a processor to itself for as long as the
// monitor thread is asleep.
const Turn = 16
