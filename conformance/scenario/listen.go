package scenario

import (
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
)

// isSentence tells the sentences beside listen: X hears Y, X hears, both ways.
func isSentence(key string) bool {
	return key == "both ways" || strings.Contains(key, hears) || strings.HasSuffix(key, " hears")
}

// listen reads a duration and its sentences.
func (c *compiler) listen(n *node, p pair) Verb {
	v := &Listen{Duration: c.time(p.value), From: settling}
	if p.value.isScalar() && v.Duration == 0 {
		c.r.at(p.value, "listening for no time hears nothing")
	}
	for _, k := range n.pairs {
		switch key := k.key.text; {
		case key == "listen" || key == "if" || key == "as" || key == "at" || key == "after":
		case key == "from":
			v.From = c.time(k.value)
		case smallKeys[key] != "":
			c.r.at(k.key, "%s does not go with \"listen\"", quote(key))
		case isSentence(key):
			v.Sentences = append(v.Sentences, c.sentence(k))
		default:
			c.r.at(k.key, "%s is no sentence: expected \"X hears Y\", \"X hears\" or \"both ways\"", quote(key))
		}
	}
	if len(v.Sentences) == 0 {
		c.r.at(p.key, "listen says nothing: add a sentence such as \"bob hears alice: {tone: 440 Hz}\"")
	}
	if v.Duration > 0 && v.From >= v.Duration {
		c.r.at(p.value, "listening is over before it measures, which begins after %s; say from: 0ms to measure all", v.From)
	}
	return v
}

// settling is the beginning that is not measured.
const settling = 200e6

func (c *compiler) sentence(k pair) Sentence {
	s := Sentence{Pos: k.key.pos, Source: k.String(), Fields: map[string]match.Matcher{}}
	if k.key.text == "both ways" {
		s.BothWays = true
		for _, p := range c.result.Parties {
			c.useParty(p.Name)
		}
	} else {
		hearer, speaker, both := strings.Cut(k.key.text, hears)
		s.Hearer, s.At = c.soundEnd(k.key, strings.TrimSuffix(hearer, " hears"), true)
		if both {
			s.Speaker, s.From = c.soundEnd(k.key, speaker, false)
		}
	}
	switch {
	case k.value.null:
		c.r.at(k.key, "%s has no value: expected silence, or a map such as {tone: 440 Hz}", quote(k.key.text))
	case k.value.isScalar() && k.value.text == "silence":
		s.Silence = true
	default:
		pairs := c.dict(k.value, "silence, or a map such as {tone: 440 Hz, snr: 30dB..}")
		c.knownKeys(pairs, "measure", soundKeys)
		s.Fields, _ = c.matchers(k.value, "a map")
		for _, p := range pairs {
			c.soundValue(p.key.text, p.value)
		}
	}
	return s
}

func (c *compiler) soundParty(n *node, written string) string {
	name := c.subjectText(n, strings.TrimSpace(written))
	if c.knownParty(n, name) && c.party(name).notApplication() != "" {
		c.r.inside(n, name, "%s is %s: it neither speaks nor hears", name, c.party(name).notApplication())
	}
	return name
}
