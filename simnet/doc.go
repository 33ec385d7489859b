// Package simnet is a network in virtual time: hosts with addresses and names, UDP and TCP between them, links that
// delay, lose and disorder packets, faults that hit the message you name, and ears on the wire. Programs see it through
// the transport.Net interface of pion/transport, which [*Host] implements, and need not know that it is not real.
//
// Start with [Bubble]: it runs a function in virtual time, in which a minute of silence costs microseconds. Inside, make
// a network with [New] and a seed, and hosts with [Network.Host]; give each program its host; run. End with
// [Network.Close]. What the programs leave behind, a deadlock or a panic, is the error of Bubble.
//
// # Links and faults
//
// Every pair of hosts has a link in each direction. It takes [DefaultLatency] and loses nothing until
// [Network.SetLink], [Network.Cut] and [Network.Heal] say otherwise. [Network.AddFault] hits single packets: those a
// predicate matches, the first few of them or every one, and counts how many it has hit. [Packet.Kind] tells the
// predicate what the packet is, in the words of the protocol: p.Kind().Is("200 INVITE"), p.Kind().Is("rtp").
//
// UDP feels all of that as it is. TCP feels time only: what is lost or corrupted is repeated after 200 ms, 400 ms and so
// on, and a connection whose segment could not get through for 30 s breaks with syscall.ETIMEDOUT.
//
// # Routers
//
// A host made with [Router.Host] has a private address behind a router that translates addresses (NAT) or only filters:
// [Network.Router] with one of the kinds [FullCone], [Restricted], [PortRestricted], [Symmetric], [Blocked], [Firewall].
// [Router.Rebind] changes its mappings, [Host.Move] the address of any host.
//
// # The same seed, the same run
//
// A run depends on the seed and the programs alone, down to the nanosecond, on any number of processors:
//
//   - Packets that are written in one instant are put in order (by host, then by socket, then as written) before chance
//     decides about them; each direction of each pair of hosts has its own source of chance, and so has each fault.
//   - Packets arrive one at a time, each in an instant of its own, and virtual time moves only when all that a packet
//     has caused is done. (RTP and RTCP for [UDPConn.SetReceiver] are exempt: their order is the order of the calls.)
//   - An arrival waits until everything else that happens in its instant is over, so it does not race with timers.
//   - Ephemeral ports and free addresses are handed out one after another; to the TCP connections that a host asks for
//     in one instant in the order of where they go.
//
// What is left to chance is what the programs themselves do in one instant in several goroutines of one host through
// one socket.
//
// [Network.Tap] shows every packet, [Network.Trace] writes them down; two runs are alike when their traces are.
//
// # Laws for what runs inside
//
// Virtual time stands still while a goroutine waits for a mutex or for something outside of the bubble (a real socket, a
// child process, a channel made outside). Use channels, sync.Cond, sync.WaitGroup, timers and the network. What a tap or a
// receiver has written down is read under a lock or after synctest.Wait: to the race detector sleeping is no order.
package simnet
