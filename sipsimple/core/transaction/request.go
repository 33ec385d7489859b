package transaction

import "github.com/emiago/sipgo/sip"

// NewCancel builds the CANCEL of a request that was sent (RFC 3261 section 9.1).
// It is sent to the destination of that request, as a client transaction of its
// own, and not before a provisional response has come.
func NewCancel(req *sip.Request) *sip.Request { return companion(req, sip.CANCEL, req.To()) }

// ackOf builds the ACK of a 3xx..6xx (RFC 3261 section 17.1.1.3).
func ackOf(invite *sip.Request, res *sip.Response) *sip.Request {
	return companion(invite, sip.ACK, res.To())
}

// companion is a request that travels the path of another one, hop by hop:
// same Request-URI, top Via, Route, Call-ID, From and CSeq number.
func companion(req *sip.Request, method sip.RequestMethod, to *sip.ToHeader) *sip.Request {
	c := sip.NewRequest(method, req.Recipient)
	c.AppendHeader(sip.HeaderClone(req.Via()))
	maxForwards := sip.MaxForwardsHeader(70)
	c.AppendHeader(&maxForwards)
	sip.CopyHeaders("Route", req, c)
	c.AppendHeader(sip.HeaderClone(req.From()))
	c.AppendHeader(sip.HeaderClone(to))
	c.AppendHeader(sip.HeaderClone(req.CallID()))
	c.AppendHeader(&sip.CSeqHeader{SeqNo: req.CSeq().SeqNo, MethodName: method})
	c.SetBody(nil)
	return c
}
