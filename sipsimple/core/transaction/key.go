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
		var space [128]byte // for most; one piece of memory for the key
		b := append(space[:0], branch...)
		b = append(b, joint...)
		b = appendSentBy(b, via)
		b = append(b, joint...)
		return string(append(b, method...)), false
	}
	from, _ := req.From().Params.Get("tag")
	return strings.Join([]string{
		"", req.Recipient.String(), from, req.CallID().Value(),
		strconv.FormatUint(uint64(req.CSeq().SeqNo), 10), via.Value(), string(method),
	}, joint), true
}

// appendSentBy writes host and port of a Via, the default port filled in.
func appendSentBy(b []byte, via *sip.ViaHeader) []byte {
	port := via.Port
	if port == 0 {
		port = wire.DefaultPort(strings.ToLower(via.Transport))
	}
	b = append(b, strings.ToLower(via.Host)...)
	b = append(b, ':')
	return strconv.AppendInt(b, int64(port), 10)
}
