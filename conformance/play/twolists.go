package play

import (
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// besideSIP tells a case with MSRP, VNC or ICE: rule 12 of loosen.go is about it.
func besideSIP(c *scenario.Case) bool {
	for _, def := range c.Streams {
		if slices.Contains([]string{"chat", "file-transfer", "desktop-sharing"}, def.Type) {
			return true
		}
	}
	return slices.ContainsFunc(c.Parties, func(p *scenario.Party) bool { return p.Account["nat_traversal.use_ice"] == "true" })
}

// tellsOfStream tells the notifications that a stream posts, or what is behind it.
func tellsOfStream(name string) bool {
	return !strings.HasPrefix(name, "SIP") && (strings.Contains(name, "Stream") || strings.HasPrefix(name, "DesktopSharing"))
}

func tellsOfSIP(name string) bool { return !tellsOfStream(name) }

// inTwo makes two lists of each: what streams tell, and what SIP tells.
func inTwo(views []scenario.View, exact bool) []scenario.View {
	var list []scenario.View
	for _, v := range views {
		if hungUp(v.Items) {
			v.Items = mayFail(v.Items)
		}
		if v.Subject.Stream != "" || len(v.Items) == 0 || entangled(v.Items) {
			list = append(list, v)
			continue
		}
		list = append(list, halves(v, exact)...)
	}
	return list
}

// halves are the two lists. One of which nothing is expected is none, unless the
// whole has an end (exact). A `...` that stood before something of SIP covers what
// streams tell until that is there; SIP may be late for a `...` before something of
// a stream.
func halves(v scenario.View, exact bool) []scenario.View {
	var list []scenario.View
	for _, half := range []scenario.Half{scenario.OfSIP, scenario.OfStreams} {
		one := v
		one.Half, one.Items = half, only(v.Items, tellsOf(half))
		one.NoTail = half == scenario.OfStreams && open(one.Items) && !open(v.Items)
		if len(one.Items) > 0 || exact {
			list = append(list, one)
		}
	}
	return list
}

// open tells a list with a `...` at its end.
func open(list []match.Item) bool { return len(list) > 0 && list[len(list)-1].Kind == match.Anything }

func tellsOf(half scenario.Half) func(name string) bool {
	if half == scenario.OfStreams {
		return tellsOfStream
	}
	return tellsOfSIP
}

// only is what a list says of some notifications. A `...` stands for those, too.
func only(list []match.Item, mine func(name string) bool) []match.Item {
	var rest []match.Item
	for _, item := range list {
		if item.Kind == match.Single && !mine(item.Name) {
			continue
		}
		if len(item.Items) > 0 {
			if item.Items = only(item.Items, mine); len(item.Items) == 0 {
				continue
			}
		}
		rest = append(rest, item)
	}
	return rest
}

// entangled tells a list with a choice between what a stream tells and what SIP tells.
func entangled(list []match.Item) bool {
	return slices.ContainsFunc(list, func(item match.Item) bool {
		choice := item.Kind == match.OneOf && len(only(item.Items, tellsOfStream)) > 0 && len(only(item.Items, tellsOfSIP)) > 0
		return choice || entangled(item.Items)
	})
}

// hungUp tells a list in which a session ends that this party has not ended, or
// not certainly: rule 13 of loosen.go is about it.
func hungUp(list []match.Item) bool {
	return slices.ContainsFunc(list, func(i match.Item) bool { return i.Name == "SIPSessionWillEnd" && !by(&i, "local") })
}

// mayFail lets streams fail before they end, because the peer has closed the connection.
func mayFail(list []match.Item) []match.Item {
	var loose []match.Item
	for _, item := range list {
		if item.Name == "MediaStreamWillEnd" {
			loose = append(loose, optional(closedByPeer(&item)))
		}
		if len(item.Items) > 0 {
			item.Items = mayFail(item.Items)
		}
		loose = append(loose, item)
	}
	return loose
}

func closedByPeer(end *match.Item) match.Item {
	const name = "MediaStreamDidFail"
	return match.Item{Name: name, Of: end.Of, Pos: end.Pos, Source: name, Fields: map[string]match.Matcher{
		"context": match.Literal{Text: "reading"}, "reason": match.Literal{Text: "the peer has closed the connection"},
	}}
}
