package transaction

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Keys are joined with a line end, which no header field contains.
const joint = "\n"

// clientKey matches responses to client transactions: branch of the top Via and
// method of CSeq (RFC 3261 section 17.1.3). It is "" without a branch.
func clientKey(msg sip.Message) string {
	via, cseq := msg.Via(), msg.CSeq()
	if via == nil || cseq == nil {
		return ""
	}
	branch, _ := via.Params.Get("branch")
	if branch == "" {
		return ""
	}
	return branch + joint + string(cseq.MethodName)
}

// serverKey matches a request to its server transaction as if its method were
// the one given (RFC 3261 section 17.2.3). old tells that the branch is not
// unique and the rules for RFC 2543 clients were used.
func serverKey(req *sip.Request, method sip.RequestMethod) (key string, old bool) {
	via := req.Via()
	branch, _ := via.Params.Get("branch")
	const cookie = sip.RFC3261BranchMagicCookie
	if len(branch) > len(cookie) && strings.EqualFold(branch[:len(cookie)], cookie) {
		return branch + joint + sentBy(via) + joint + string(method), false
	}
	from, _ := req.From().Params.Get("tag")
	return strings.Join([]string{
		"", req.Recipient.String(), from, req.CallID().Value(),
		strconv.FormatUint(uint64(req.CSeq().SeqNo), 10), via.Value(), string(method),
	}, joint), true
}

// sentBy is host and port of a Via, the default port filled in.
func sentBy(via *sip.ViaHeader) string {
	port := via.Port
	if port == 0 {
		port = wire.DefaultPort(strings.ToLower(via.Transport))
	}
	return strings.ToLower(via.Host) + ":" + strconv.Itoa(port)
}
