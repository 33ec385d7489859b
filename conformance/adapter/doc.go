// Package adapter lets a program stand for a phone under test: it takes the place
// of a party in world loopback and drives a phone that is not ours.
//
// The program reads orders from its standard input and writes replies to its
// standard output, JSON objects, one a line, one reply to each order:
//
//	> {"id":1,"do":"begin","place":{"name":"bob","address":"127.3.1.2","port":5060,"transport":"udp","codec":"PCMU", …}}
//	< {"id":1,"uri":"sip:bob@127.3.1.2:5060","plays":true}
//	> {"id":2,"do":"accept","streams":["audio"]}
//	< {"id":2}
//	> {"id":3,"do":"transfer","to":"sip:carol@127.3.1.4;transport=udp"}
//	< {"id":3,"cannot":"transfer"}
//	> {"id":4,"do":"hold"}
//	< {"id":4,"error":"there is no call"}
//	> {"id":5,"do":"quit"}
//
// A reply is written when the thing is done, and that may take its time: accept
// waits for a call to come. An order that comes while another one waits is not
// sent. "cancel" ends the order before it, which is answered with an error. After
// "quit", or at the end of its input, the program ends its calls and itself. What
// it writes to its standard error is shown when something fails. docs/phones.md
// tells the story.
package adapter
