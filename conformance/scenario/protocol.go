package scenario

import (
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// This file reads messages of the protocols beside SIP. As there, a request has
// the code `absent` and an answer has its code: that of a DNS answer is a word.

var (
	dnsTypes  = []string{"NAPTR", "SRV", "A", "AAAA", "TXT"}
	dnsCodes  = []string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"}
	dnsFields = []string{"name", "answers", "transport"}

	stunMethods = []string{"BINDING", "INDICATION"}
	stunFields  = []string{"mapped", "change", "role", "use_candidate", "username", "transport"}
)

// otherMessage reads a message of another protocol than SIP: TYPE, CODE,
// CODE TYPE, or one of them with fields.
func (c *compiler) otherMessage(protocol string, n *node) match.Item {
	item := match.Item{Kind: match.Single, Fields: map[string]match.Matcher{}, Times: match.Range{From: 1, To: 1}}
	known, fields := dnsFields, []pair(nil)
	switch protocol {
	case "stun":
		known = stunFields
	case "msrp":
		known = names(msrpWords)
	}
	if n.isDict() {
		if len(n.pairs) != 1 {
			c.r.at(n, "expected one message with its fields, found %d keys", len(n.pairs))
			return item
		}
		if value := n.pairs[0].value; !value.null {
			fields = c.dict(value, "a map of fields")
		}
		n = n.pairs[0].key
	}
	c.otherName(protocol, &item, n)
	if protocol != "msrp" {
		c.knownKeys(fields, "field of a "+protocol+" message", known)
	} else {
		c.msrpFields(fields, known)
	}
	for _, f := range fields {
		if f.value.null {
			c.noValue(f.key)
			continue
		}
		item.Fields[f.key.text] = c.matcher(f.value)
	}
	return item
}

func (c *compiler) otherName(protocol string, item *match.Item, n *node) {
	text := c.text(n, "a message")
	code, method, both := strings.Cut(text, " ")
	types, isCode, example := dnsTypes, slices.Contains(dnsCodes, code), "a type such as SRV, NOERROR, or NOERROR SRV"
	switch protocol {
	case "stun":
		types, isCode, example = stunMethods, codeForm.MatchString(code), "BINDING, INDICATION, 200, or a code"
	case "msrp":
		types, isCode, example = msrpMethods, codeForm.MatchString(code), "SEND, 200, or 200 SEND"
		if methodForm.MatchString(code) && didYouMean(code, msrpMethods) == "" {
			types = append(slices.Clone(types), code) // one that nobody knows
		}
	}
	switch {
	case text == "" || text == "any":
		return
	case !isCode && !both:
		method = code
		item.Fields["code"], _ = match.ParseMatcher("absent", false, nil)
	case isCode:
		item.Fields["code"] = c.matcher(textNode(n.pos, code))
	}
	switch {
	case method == "" && isCode:
	case isCode == both && slices.Contains(types, method):
		item.Fields["method"] = match.Literal{Text: method}
	default:
		c.r.at(n, "%s is no message of %s: expected %s%s", quote(text), protocol, example,
			didYouMean(text, slices.Concat(types, dnsCodes)))
	}
}
