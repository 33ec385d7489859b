package scenario

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// wire reads a list of lines, or a map with order and filters.
func (c *compiler) wire(key, n *node) *Wire {
	w := &Wire{Pos: key.pos}
	if n.isList() {
		w.Order = c.items(n, &wireReader{c: c})
		return w
	}
	pairs := c.dict(n, "a list of lines such as alice > bob: INVITE, or a map with order: and only:")
	c.knownKeys(pairs, "key of wire", wireKeys)
	if protocol := n.get("protocol"); protocol != nil {
		w.Protocol = c.word(protocol, protocols)
		c.r.refused(protocol, "protocol", w.Protocol)
	}
	for _, p := range pairs {
		switch p.key.text {
		case "order":
			w.Order = c.items(p.value, &wireReader{c, w.Protocol})
		case "only":
			if w.Protocol != "" && w.Protocol != "sip" {
				c.r.at(p.key, "only goes with the messages of SIP")
				continue
			}
			for _, item := range c.list(p.value, "a list of methods such as [INVITE]") {
				w.Only = append(w.Only, c.onlyMessage(item))
			}
		case "between":
			from, to, _ := c.link(p.value, p.value.text)
			w.Between = [2]string{from, to}
		case "received":
			w.Received = c.bool(p.value)
		}
	}
	if n.isDict() && n.get("order") == nil {
		c.r.at(key, "wire has no order: what was sent is not judged without it")
	}
	return w
}

func (c *compiler) onlyMessage(n *node) string {
	text := c.text(n, "a method such as INVITE, or 200 REFER")
	code, method, isAnswer := strings.Cut(text, " ")
	switch {
	case text == "":
	case !isAnswer:
		return c.method(n)
	case !codeForm.MatchString(code) || !methodForm.MatchString(method):
		c.r.at(n, "%s is neither a method nor a code with its method such as 200 REFER", quote(text))
	}
	return text
}

// wireReader reads messages of a protocol, "" = SIP.
type wireReader struct {
	c        *compiler
	protocol string
}

var (
	lineForm = regexp.MustCompile(`^(\S+) (x?>) (\S+)$`)
	codeForm = regexp.MustCompile(`^[1-9]\d\d$|^[1-6]xx$`)
)

func (w *wireReader) isSingle(key string) bool { return !slices.Contains(groupKinds, key) }
func (w *wireReader) what() string             { return "a message such as alice > bob: INVITE" }

func (w *wireReader) single(item *match.Item, key, value, whole *node) {
	c := w.c
	m := lineForm.FindStringSubmatch(key.text)
	switch {
	case m == nil && c.catalogue.has(strings.TrimSuffix(key.text, "!")):
		c.r.at(key, "%s is a notification; wire: holds messages such as alice > bob: INVITE", quote(key.text))
		return
	case m == nil:
		c.r.at(key, "%s is no line of the wire; expected SENDER > RECEIVER: MESSAGE, or x> for a lost one", quote(key.text))
		return
	case value == nil || value.null:
		c.r.at(key, "which message? expected %s: INVITE, a code, or one of them with fields", key.text)
		return
	}
	from, to := c.wireParty(key, m[1]), c.wireParty(key, m[3])
	for _, k := range []string{"of", "has"} {
		if whole.get(k) != nil {
			c.r.at(whole.get(k), "%s goes with notifications, not with messages", quote(k))
		}
	}
	source := item.Source
	message := match.Item{}
	if w.protocol != "" && w.protocol != "sip" {
		message = c.otherMessage(w.protocol, value)
	} else {
		message = c.message(value)
	}
	item.Fields, item.Name, item.Lost, item.Source = message.Fields, from+" > "+to, m[2] == "x>", source
}

// wireParty is a party, one of the two that are always there, or the DNS server.
func (c *compiler) wireParty(key *node, written string) string {
	name := c.subjectText(key, written)
	if name != "nobody" && name != "nowhere" && (name != "dns" || c.result.DNS == nil) {
		c.knownParty(key, name)
	}
	return name
}

// message reads METHOD, CODE, CODE METHOD, CLASS, or one of them with fields.
// Its Fields hold "method" and "code": a request has the code `absent`, so that
// it is never mistaken for an answer to it.
func (c *compiler) message(n *node) match.Item {
	item := match.Item{Kind: match.Single, Fields: map[string]match.Matcher{}, Times: match.Range{From: 1, To: 1}}
	if n.isScalar() {
		c.messageName(&item, n)
		return item
	}
	pairs := c.dict(n, "a message such as INVITE, 200 or {INVITE: {Subject: Tea?}}")
	if len(pairs) != 1 {
		if n.isDict() {
			c.r.at(n, "expected one message with its fields, found %d keys: {INVITE: {Subject: Tea?}}", len(pairs))
		}
		return item
	}
	c.messageName(&item, pairs[0].key)
	if pairs[0].value.null {
		return item
	}
	for _, f := range c.dict(pairs[0].value, "a map of fields such as {Subject: Tea?}") {
		c.messageField(&item, f)
	}
	return item
}

func (c *compiler) messageName(item *match.Item, n *node) {
	text := n.text
	code, method, both := strings.Cut(text, " ")
	switch {
	case text == "any":
	case strings.HasPrefix(text, "$"):
		c.r.at(n, "%s is bound while matching; a message is known before", quote(text))
	case codeForm.MatchString(code):
		item.Fields["code"] = c.matcher(textNode(n.pos, code))
		if both {
			if !methodForm.MatchString(method) {
				c.r.at(n, "%s: expected a code and the method that it answers, such as 200 INVITE", quote(text))
				return
			}
			item.Fields["method"] = match.Literal{Text: c.method(textNode(n.pos, method))}
		}
	case methodForm.MatchString(text):
		item.Fields["method"] = match.Literal{Text: c.method(n)}
		item.Fields["code"], _ = match.ParseMatcher("absent", false, nil)
	default:
		c.r.at(n, "%s is no message: expected a method, a code, or a code and its method%s", quote(text), didYouMean(text, methods))
	}
}

func (c *compiler) messageField(item *match.Item, f pair) {
	name := f.key.text
	switch {
	case f.value.null:
		c.noValue(f.key)
	case name == "sdp":
		item.Fields[name] = c.seenSDP(f.value)
	case slices.Contains(messageFields, name):
		item.Fields[name] = c.matcher(f.value)
	case name != "" && name[0] >= 'A' && name[0] <= 'Z':
		if near := nearHeader(name); near != "" {
			c.r.at(f.key, "unknown header %s (did you mean %s?)", quote(name), near)
		}
		item.Fields[name] = c.matcher(f.value)
	default:
		c.r.at(f.key, "unknown field %s%s; a header begins with a capital", quote(name), hint(name, messageFields))
	}
}

var headers = []string{"Accept", "Allow", "Allow-Events", "Authorization", "Call-ID", "Contact", "Content-Length",
	"Content-Type", "CSeq", "Event", "Expires", "From", "Max-Forwards", "Min-Expires", "Proxy-Authenticate",
	"Proxy-Authorization", "Proxy-Require", "RAck", "RSeq", "Reason", "Record-Route", "Refer-To", "Referred-By",
	"Replaces", "Require", "Retry-After", "Route", "Server", "Session-Expires", "Subject", "Subscription-State",
	"Supported", "To", "Unsupported", "User-Agent", "Via", "WWW-Authenticate", "Warning"}

// nearHeader finds a known header of which a name is a slip of the pen. The
// set is open: a name that is not near any is a header like others.
func nearHeader(name string) string {
	if len(name) < 5 || slices.Contains(headers, name) {
		return ""
	}
	for _, h := range headers {
		if strings.EqualFold(h, name) || editDistance(h, name, 1) <= 1 {
			return h
		}
	}
	return ""
}

// link reads `A > B`, `A <-> B` or `any`.
func (c *compiler) link(n *node, text string) (from, to string, both bool) {
	if text == "any" || text == "all" {
		return "", "", true
	}
	left, right, ok := strings.Cut(text, " <-> ")
	if ok {
		both = true
	} else if left, right, ok = strings.Cut(text, " > "); !ok {
		c.r.at(n, "%s is no link: expected A > B, A <-> B or any", quote(text))
		return "", "", false
	}
	return c.wireParty(n, strings.TrimSpace(left)), c.wireParty(n, strings.TrimSpace(right)), both
}
