package scenario

import (
	"path"
	"slices"
	"strings"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// watchWords stand for patterns; "session" is [catalogue.session].
var watchWords = map[string][]string{
	"session":     nil,
	"stream":      {"MediaStream*", "AudioStream*", "ChatStream*", "FileTransferStream*", "DesktopSharing*"},
	"msrp":        {"MSRPTransportTrace", "MSRPLibraryLog"},
	"application": {"SIPApplication*", "SIPSessionManager*"},
	"account":     {"SIPAccount*", "BonjourAccount*", "PresencePublication*"},
	"dns":         {"DNSLookup*"},
	"config":      {"CFG*"},
	"sound":       {"AudioDevicesDidChange", "DefaultAudioDeviceDidChange", "WavePlayer*"},
	"all":         {"*"},
}

// Watched tells whether one of the patterns of Case.Watch or Party.Watch
// selects a notification.
func Watched(patterns []string, name string) bool {
	return slices.Contains(patterns, name) || slices.ContainsFunc(patterns, func(p string) bool { return selects(p, name) })
}

// selects is path.Match with a short way for what nearly all patterns are: a
// name, or the beginning of one.
func selects(pattern, name string) bool {
	end := 0
	for end < len(pattern) && isLetter(pattern[end]) {
		end++
	}
	switch {
	case end == len(pattern):
		return pattern == name
	case end == len(pattern)-1 && pattern[end] == '*':
		return strings.HasPrefix(name, pattern[:end])
	}
	hit, _ := path.Match(pattern, name)
	return hit
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// session is what the word "session" watches: everything of a session, and
// nothing of the session manager.
func (c *catalogue) session() []string {
	patterns := []string{"SIPConference*"}
	for _, name := range c.names {
		if strings.HasPrefix(name, "SIPSession") && !strings.HasPrefix(name, "SIPSessionManager") {
			patterns = append(patterns, name)
		}
	}
	return patterns
}

// catalogue describes the notifications of the middleware.
type catalogue struct {
	names  []string
	fields map[string][]notification.Field
}

func newCatalogue(others []StreamType) *catalogue {
	c := &catalogue{fields: map[string][]notification.Field{}}
	all := sipsimple.Notifications()
	for _, t := range others {
		all = append(all, t.Notifications...)
	}
	for _, data := range all {
		name := data.NotificationName()
		c.fields[name] = notification.FieldsOf(data)
		c.names = append(c.names, name)
	}
	slices.Sort(c.names)
	return c
}

// WatchPatterns are the patterns that a word of watch stands for; what is no
// such word is a pattern itself.
func WatchPatterns(word string) []string {
	switch {
	case word == "session":
		return newCatalogue(nil).session()
	case watchWords[word] != nil:
		return watchWords[word]
	}
	return []string{word}
}

func (c *catalogue) has(name string) bool {
	_, ok := c.fields[name]
	return ok
}

// fieldNames lists the fields of a notification, timestamp among them.
func (c *catalogue) fieldNames(name string) []string {
	list := []string{}
	for _, f := range c.fields[name] {
		list = append(list, f.Name)
	}
	return append(list, "timestamp")
}

// readWatch expands a watch list.
func (c *compiler) readWatch(n *node) []string {
	patterns := []string{}
	for _, word := range c.list(n, "a list of words and patterns such as [session, MediaStream*]") {
		text := c.text(word, "session, stream, application, account, dns, config, sound, all or a pattern")
		switch {
		case text == "" || c.r.refused(word, "watch", text):
		case text == "session":
			patterns = append(patterns, c.catalogue.session()...)
		case watchWords[text] != nil:
			patterns = append(patterns, watchWords[text]...)
		case !slices.ContainsFunc(c.catalogue.names, func(name string) bool { hit, _ := path.Match(text, name); return hit }):
			if !c.r.refused(word, "notification", text) {
				c.r.at(word, "%s watches nothing: it is no word of watch and no notification is called so%s", quote(text),
					didYouMean(text, append(names(watchWords), c.catalogue.names...)))
			}
		default:
			patterns = append(patterns, text)
		}
	}
	return patterns
}
