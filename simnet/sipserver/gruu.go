package sipserver

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// gruus are the globally routable URIs of one instance of a user agent (RFC
// 5627). Every REGISTER gives one more temporary one.
type gruus struct {
	instance  string // URN, "" for a contact without GRUUs
	public    string
	temporary []string
}

// giveGRUUs makes the GRUUs of a binding that a REGISTER has just made or renewed
// (section 5.3), if its user agent supports them.
func (w *work) giveGRUUs(b *binding) {
	instance := strings.Trim(b.contact.Params.GetOr("+sip.instance", ""), `"<>`)
	b.contact.Params.Remove("pub-gruu")
	b.contact.Params.Remove("temp-gruu")
	if !w.s.cfg.GRUU || instance == "" || !hasWord(wire.Values(w.req, "supported"), "gruu") {
		return
	}
	aor := w.req.To().Address
	b.instance = instance
	b.public = "sip:" + aor.User + "@" + aor.Host + ";gr=" + instance
	b.temporary = append(b.temporary, "sip:tgruu."+w.s.token(12)+"@"+aor.Host+";gr")
	b.contact.Params.Add("pub-gruu", `"`+b.public+`"`)
	b.contact.Params.Add("temp-gruu", `"`+b.temporary[len(b.temporary)-1]+`"`)
}

func hasWord(list []string, word string) bool {
	for _, one := range list {
		if strings.EqualFold(one, word) {
			return true
		}
	}
	return false
}

// byGRUU is the binding that a GRUU leads to (section 5.4). isGRUU is true for any
// URI that claims to be one.
func (l *location) byGRUU(uri sip.Uri, now time.Time) (found *binding, isGRUU bool) {
	if !uri.UriParams.Has("gr") {
		return nil, false
	}
	for _, r := range l.order {
		for _, b := range r.alive(now) {
			for _, text := range append(b.temporary[:len(b.temporary):len(b.temporary)], b.public) {
				var own sip.Uri
				if sip.ParseUri(text, &own) == nil && own.User == uri.User && strings.EqualFold(own.Host, uri.Host) &&
					own.UriParams.GetOr("gr", "") == uri.UriParams.GetOr("gr", "") {
					return b, true
				}
			}
		}
	}
	return nil, true
}
