package play

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/double"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/wirefields"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// definition is how a named stream behaves at this party. A name that the file
// does not define is a plain type: "audio2" is one more of type audio.
func (p *party) definition(name string) *scenario.StreamDef {
	if def := p.def.Streams[name]; def != nil {
		merged := *def
		if base := p.world.c.Streams[name]; base != nil {
			if merged.Type == "" {
				merged.Type = base.Type
			}
			if merged.Double == nil {
				merged.Double = base.Double
			}
			if merged.File == nil {
				merged.File = base.File
			}
			merged.Role, merged.Program = cmp.Or(merged.Role, base.Role), cmp.Or(merged.Program, base.Program)
		}
		return &merged
	}
	if def := p.world.c.Streams[name]; def != nil {
		return def
	}
	return &scenario.StreamDef{Name: name, Type: strings.TrimRight(name, "0123456789")}
}

// newStream makes a stream to offer.
func (p *party) newStream(name string, owner *session) (streams.MediaStream, error) {
	def := p.definition(name)
	p.mu.Lock()
	p.next = def
	p.mu.Unlock()
	made, err := p.app.NewStream(def.Type, p.accounts[""])
	p.mu.Lock()
	p.next = nil
	p.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", name, err)
	}
	p.streamOf(made, name, owner)
	return made, nil
}

// registry is the party's stream types: those of the middleware, and for names
// with a double the doubles.
func (p *party) registry() *streams.Registry {
	builtin := &streams.Registry{}
	streams.RegisterBuiltIn(builtin)
	result := &streams.Registry{}
	types := map[string]bool{}
	if p.world.others != nil {
		for _, f := range p.world.others.Factories() {
			builtin.Add(f)
		}
	}
	for _, f := range builtin.Factories() {
		types[f.Type] = true
	}
	for _, name := range sortedKeys(p.world.c.Streams) {
		types[p.definition(name).Type] = true
	}
	for _, typ := range sortedKeys(types) {
		real, ok := builtin.Lookup(typ)
		result.Add(p.factory(typ, real, ok))
	}
	return result
}

// factory makes doubles where the file says so, and real streams elsewhere. A
// stream that the middleware makes by itself, for a transfer, is the first one
// of its type that the file names.
func (p *party) factory(typ string, real streams.Factory, isReal bool) streams.Factory {
	return streams.Factory{
		Type: typ, Priority: 1,
		New: func(env *streams.Environment) (streams.MediaStream, error) {
			p.mu.Lock()
			def := p.next
			p.mu.Unlock()
			if names := p.world.namesOf(typ); def == nil && len(names) > 0 {
				def = p.definition(names[0])
			}
			switch {
			case def != nil && def.Double != nil:
				return double.New(env, double.ConfigOf(def)), nil
			case isReal:
				return p.makeReal(real, env, def)
			}
			return nil, fmt.Errorf("there is no stream type %s yet; a double can stand in for it", typ)
		},
		NewFromSDP: func(env *streams.Environment, remote *sdp.SessionDescription, index int) (streams.MediaStream, error) {
			if wirefields.StreamType(remote.MediaDescriptions[index]) != typ {
				return nil, streams.ErrUnknownStream
			}
			def := p.offered(typ, remote, index)
			if def != nil && def.Double != nil {
				return double.FromSDP(env, double.ConfigOf(def), remote, index)
			}
			if isReal {
				return p.makeOffered(real, env, remote, index, def)
			}
			return nil, streams.ErrUnknownStream
		},
	}
}

// offered is the definition of the stream that an m-line of an offer is about:
// the label that a double writes tells, or the path of MSRP, else the so-manieth line of a type is
// the so-manieth name of that type.
func (p *party) offered(typ string, remote *sdp.SessionDescription, index int) *scenario.StreamDef {
	if name := double.Label(remote.MediaDescriptions[index]); p.world.c.Streams[name] != nil {
		return p.definition(name)
	}
	if path, ok := remote.MediaDescriptions[index].Attribute("path"); ok {
		if name := p.world.nameOfPath(path); name != "" {
			return p.definition(name)
		}
	}
	nth := 0
	for _, m := range remote.MediaDescriptions[:index] {
		if wirefields.StreamType(m) == typ {
			nth++
		}
	}
	names := p.world.namesOf(typ)
	if len(names) == 0 {
		return nil
	}
	return p.definition(names[min(nth, len(names)-1)])
}

// nameOfPath is the name of the stream that has offered an MSRP path, "" if none of an application has.
func (w *world) nameOfPath(path string) string {
	for _, p := range w.parties {
		for _, s := range slices.Backward(p.allStreams()) {
			named, ok := s.stream.(interface{ Attribute(string) (any, bool) })
			if !ok || s.name == "" {
				continue
			}
			if own, _ := named.Attribute("local_path"); own == path {
				return s.name
			}
		}
	}
	return ""
}

// talks lists the streams of a type.
func (p *party) talks(typ string) []*stream {
	return slices.DeleteFunc(slices.Clone(p.allStreams()), func(s *stream) bool { return s.stream.Type() != typ })
}
