package core

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
)

// TestPastTakesNoMemory: what has been is remembered for its time after the last
// of it, and then goes by itself, without a message.
func TestPastTakesNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timers := 0
		var mailbox sync.Mutex // stands for it: one thing at a time
		mailbox.Lock()
		pass := func(d time.Duration) {
			mailbox.Unlock()
			time.Sleep(d)
			synctest.Wait()
			mailbox.Lock()
		}
		table := newTable(func(d time.Duration, f func()) func() {
			timers++
			timer := time.AfterFunc(d, func() {
				mailbox.Lock()
				defer mailbox.Unlock()
				timers--
				f()
			})
			return func() { timer.Stop(); timers-- }
		})
		remember := func(n int) (*sip.Request, DialogID) {
			id := strconv.Itoa(n)
			req := sip.NewRequest(sip.INVITE, sip.Uri{Host: "host"})
			callID := sip.CallIDHeader(id)
			req.AppendHeader(&callID)
			req.AppendHeader(&sip.FromHeader{Params: sip.HeaderParams{{K: "tag", V: "x"}}})
			req.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: sip.INVITE})
			table.asked(req)
			d := &dialog{id: DialogID{CallID: id}}
			table.add(nil, d)
			table.end(d)
			return req, d.id
		}
		for n := range 100 {
			remember(n)
			pass(time.Second)
		}
		req, id := remember(100)
		pass(rememberedTime - 1)
		if !table.requests.has(keyOf(req)) || !table.wasDialog(id) || timers != 1 {
			t.Errorf("forgotten too early, or %d timers instead of 1", timers)
		}
		pass(1)
		if kept := len(table.requests.known) + len(table.ended.known); kept > 0 || table.requests.order != nil || table.ended.order != nil || timers != 0 {
			t.Errorf("%d of 202 are kept, %d timers", kept, timers)
		}
	})
}
