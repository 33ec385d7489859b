package wire

import (
	"hash/fnv"
	"strconv"

	"github.com/emiago/sipgo/sip"
)

// NewResponse builds a response to a request that passed the guard (RFC 3261
// section 8.2.6): Via, From, To, Call-ID and CSeq are copied, toTag is added to
// a To without tag (not for 100), Timestamp is copied to a 100, Record-Route to
// the responses that make a dialog (section 12.1.1). The body is empty. The
// header fields of the request are in both messages then and must not be changed,
// nor To, unless it got a tag.
func NewResponse(req *sip.Request, code int, phrase, toTag string) *sip.Response {
	res := sip.NewResponse(code, phrase)
	share("Via", req, res)
	if code > 100 && code < 300 && req.Method != sip.REGISTER {
		share("Record-Route", req, res)
	}
	res.AppendHeader(req.From())
	to := req.To()
	if code > 100 && toTag != "" && !to.Params.Has("tag") {
		to = withTag(to, toTag)
	}
	res.AppendHeader(to)
	res.AppendHeader(req.CallID())
	res.AppendHeader(req.CSeq())
	if code == sip.StatusTrying {
		share("Timestamp", req, res)
	}
	res.AppendHeader(&noBody)
	return res
}

// noBody is the Content-Length of them all; a body brings another.
var noBody sip.ContentLengthHeader

func withTag(to *sip.ToHeader, tag string) *sip.ToHeader {
	tagged := *to
	tagged.Params = append(make(sip.HeaderParams, 0, len(to.Params)+1), to.Params...)
	tagged.Params.Add("tag", tag)
	return &tagged
}

// share appends the header fields of that name.
func share(name string, from *sip.Request, to *sip.Response) {
	for h := range Fields(from, name) {
		to.AppendHeader(h)
	}
}

// StatelessTag is the To tag of an answer given without a transaction: every
// copy of a request gets the same (RFC 3261 section 8.2.7).
func StatelessTag(req *sip.Request) string {
	branch := ""
	if via := req.Via(); via != nil {
		branch, _ = via.Params.Get("branch")
	}
	return tagOf(branch, req.CallID().Value(), req.CSeq().Value())
}

func tagOf(parts ...string) string {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{'\n'})
	}
	return "s" + strconv.FormatUint(h.Sum64(), 36)
}
