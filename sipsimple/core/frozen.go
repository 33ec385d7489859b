package core

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// ToHeader and FromHeader are what a program builds: ordinary values (seed:
// sipsimple.core.ToHeader and FromHeader). Methods that take one copy it.
type (
	ToHeader   = Address
	FromHeader = Address
)

// Identity is a party of a dialog: a [FrozenFromHeader] or a [FrozenToHeader].
// Two are the same header with the same content, tag included, exactly when ==
// says so.
type Identity interface {
	DisplayName() string
	URI() sip.Uri // a copy
	Params() sip.HeaderParams
	Tag() string // "" without one
	Thaw() Address
	Equal(a Address) bool
	String() string // the header value
}

// FrozenFromHeader is a From header that nobody can change (seed:
// sipsimple.core.FrozenFromHeader). It can be compared and be the key of a map.
// Made by [Address.FreezeFrom].
type FrozenFromHeader struct{ frozen }

// FrozenToHeader is a To header, as [FrozenFromHeader] is a From header (seed:
// sipsimple.core.FrozenToHeader). Made by [Address.FreezeTo].
type FrozenToHeader struct{ frozen }

// FreezeFrom is the address as a From header of its own memory. A URI that
// cannot be written and read again, as one without a host, is empty in it.
func (a Address) FreezeFrom() FrozenFromHeader { return FrozenFromHeader{freeze(a)} }

// FreezeTo is the address as a To header, as [Address.FreezeFrom] makes a From
// header.
func (a Address) FreezeTo() FrozenToHeader { return FrozenToHeader{freeze(a)} }

// frozen is an address as texts, which can be compared.
type frozen struct{ name, uri, params string }

func freeze(a Address) frozen { return frozen{a.DisplayName, uriText(a.URI), packParams(a.Params)} }

// uriTexts are where URIs are written.
var uriTexts = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// uriText is uri.String in one piece of memory.
func uriText(uri sip.Uri) string {
	b := uriTexts.Get().(*bytes.Buffer)
	defer uriTexts.Put(b)
	b.Reset()
	uri.StringWrite(b)
	return b.String()
}

// DisplayName is the name in front of the URI, "" without one.
func (f frozen) DisplayName() string { return f.name }

// URI is the URI, a copy for the caller.
func (f frozen) URI() sip.Uri {
	var uri sip.Uri
	if sip.ParseUri(f.uri, &uri) != nil {
		return sip.Uri{}
	}
	return uri
}

// Params are the parameters of the header, a copy for the caller.
func (f frozen) Params() sip.HeaderParams { return unpackParams(f.params) }

// Tag is the tag parameter, "" without one.
func (f frozen) Tag() string { return f.Params().GetOr("tag", "") }

// Thaw is a mutable header with the same content.
func (f frozen) Thaw() Address {
	return Address{DisplayName: f.name, URI: f.URI(), Params: f.Params()}
}

// Equal says whether a mutable header has the same content: names, values and
// order of parameters literally.
func (f frozen) Equal(a Address) bool { return f == freeze(a) }

// String is the header value.
func (f frozen) String() string { return f.Thaw().String() }

// packParams writes parameters as one text from which [unpackParams] reads them
// again, whatever is in them: the length of each word, then the word.
func packParams(params sip.HeaderParams) string {
	var space [64]byte // for most; one piece of memory for the text
	b := space[:0]
	for _, p := range params {
		for _, word := range [...]string{p.K, p.V} {
			b = strconv.AppendInt(b, int64(len(word)), 10)
			b = append(append(b, ':'), word...)
		}
	}
	return string(b)
}

func unpackParams(text string) sip.HeaderParams {
	var params sip.HeaderParams
	word := func() string {
		length, rest, _ := strings.Cut(text, ":")
		n, _ := strconv.Atoi(length)
		text = rest[n:]
		return rest[:n]
	}
	for text != "" {
		params = append(params, sip.HeaderKV{K: word(), V: word()})
	}
	return params
}
