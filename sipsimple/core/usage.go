package core

import (
	"net/netip"

	"github.com/emiago/sipgo/sip"
	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

type usage struct {
	e             *Engine
	face          *Invitation
	exec          Executor
	rnd           *random
	params        OutgoingParams
	creds         *Credentials
	local, remote Address
	id            DialogID
	peer          netip.AddrPort
}

func newUsage(e *Engine) *usage                                       { return &usage{e: e, rnd: e.seeds.fork()} }
func (u *usage) view() view                                           { return view{local: u.local, remote: u.remote, dialog: u.id} }
func (u *usage) invite(a Attempt)                                     {}
func (u *usage) acknowledge(sdp []byte)                               {}
func (u *usage) cancel(reason string)                                 {}
func (u *usage) bye(code int, text string)                            {}
func (u *usage) close()                                               {}
func (u *usage) drop()                                                {}
func (u *usage) attach(exec Executor)                                 {}
func (u *usage) progress(code int, phrase string, sdp []byte)         {}
func (u *usage) accept(a Answer)                                      {}
func (u *usage) reject(code int, phrase string, headers []sip.Header) {}

type table struct{}

func newTable() *table               { return &table{} }
func (t *table) each(f func(*usage)) {}

func (e *Engine) handleRequest(tx *transaction.Server)            {}
func (e *Engine) handleAck(m wire.Message)                        {}
func (e *Engine) handleCancel(cancel, invite *transaction.Server) {}
func (e *Engine) handleStray(m wire.Message)                      {}
