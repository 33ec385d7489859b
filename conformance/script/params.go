package script

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// params are the parameters of a step with the variables in them replaced.
type params map[string]any

func readParams(raw map[string]any, env match.Env) (params, error) {
	result := params{}
	for _, name := range sortedKeys(raw) {
		value, err := substitute(raw[name], env)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		result[name] = value
	}
	return result, result.findContact(env)
}

// findContact replaces `to: contact of bob` by that contact.
func (p params) findContact(env match.Env) error {
	subject, ok := strings.CutPrefix(p.text("to"), "contact of ")
	if !ok || env == nil {
		return nil
	}
	contact, err := env.Subject("contact", strings.TrimSpace(subject))
	if err != nil {
		return fmt.Errorf("to: %w", err)
	}
	p["to"] = match.Format(contact)
	return nil
}

// substitute replaces ${name} in all texts of a value. Without an environment
// nothing is replaced.
func substitute(value any, env match.Env) (any, error) {
	if env == nil {
		return value, nil
	}
	switch v := value.(type) {
	case string:
		return match.Substitute(v, env)
	case map[string]string:
		headers := make(map[string]string, len(v))
		for _, name := range sortedKeys(v) {
			text, err := match.Substitute(v[name], env)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			headers[name] = text
		}
		return headers, nil
	case *scenario.SDPSpec:
		return substituteSDP(*v, env)
	}
	return value, nil
}

func substituteSDP(spec scenario.SDPSpec, env match.Env) (*scenario.SDPSpec, error) {
	texts := []*string{&spec.Address, &spec.Origin}
	spec.Lines = append([]scenario.SDPLine(nil), spec.Lines...)
	for i := range spec.Lines {
		line := &spec.Lines[i]
		line.Attributes = append([]string(nil), line.Attributes...)
		texts = append(texts, &line.Address, &line.Port)
		for j := range line.Attributes {
			texts = append(texts, &line.Attributes[j])
		}
	}
	for _, text := range texts {
		replaced, err := match.Substitute(*text, env)
		if err != nil {
			return nil, err
		}
		*text = replaced
	}
	return &spec, nil
}

func (p params) text(name string) string {
	text, _ := p[name].(string)
	return text
}

// optional tells a parameter that is not there from an empty one.
func (p params) optional(name string) *string {
	if text, ok := p[name].(string); ok {
		return &text
	}
	return nil
}

func (p params) flag(name string) bool {
	switch v := p[name].(type) {
	case bool:
		return v
	case string:
		return v == "true"
	}
	return false
}

func (p params) number(name string) (*uint32, error) {
	text, ok := p[name].(string)
	if !ok {
		return nil, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	seq := uint32(n)
	return &seq, nil
}

func (p params) content() Content {
	headers, _ := p["headers"].(map[string]string)
	return Content{SDP: p["sdp"], Headers: headers, Body: p.optional("body"), Sipfrag: p.optional("sipfrag")}
}
