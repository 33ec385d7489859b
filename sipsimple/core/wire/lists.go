package wire

import "github.com/emiago/sipgo/sip"

// readAddress reads From, To and the fields that hold one address.
func (p *parser) readAddress(f field) error {
	var space sip.HeaderParams
	switch f.kind {
	case kindFrom:
		space = p.common.params[2:2:3]
	case kindTo:
		space = p.common.params[3:3:4]
	}
	a, err := parseAddress(f.value, space)
	if err != nil || !once(a.params, "tag") {
		return errSyntax
	}
	switch f.kind {
	case kindFrom:
		p.common.from = sip.FromHeader{DisplayName: a.display, Address: a.uri, Params: a.params}
		p.add(&p.common.from)
	case kindTo:
		p.common.to = sip.ToHeader{DisplayName: a.display, Address: a.uri, Params: a.params}
		p.add(&p.common.to)
	default:
		p.add(sip.NewHeader(f.name, f.value))
	}
	return nil
}

// readList reads the fields that hold several values between commas.
func (p *parser) readList(f field) error {
	if f.value == "" && f.kind != kindVia && f.kind != kindContact {
		return nil // an empty Route says nothing
	}
	if f.kind == kindContact && f.value == "*" {
		p.add(&sip.ContactHeader{Address: sip.Uri{Wildcard: true, Host: "*"}})
		return nil
	}
	rest, more := f.value, true
	for more {
		var value string
		value, rest, more = cutValue(rest)
		if p.values++; p.values > maxValues {
			return errSyntax
		}
		if err := p.readValue(f.kind, trim(value)); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) readValue(k kind, value string) error {
	if k == kindVia {
		return p.readVia(value)
	}
	a, err := parseAddress(value, nil)
	if err != nil {
		return err
	}
	switch k {
	case kindContact:
		if expires, ok := a.params.Get("expires"); ok && isDigits(expires) {
			if _, fits := parseNumber(expires, 1<<32-1); !fits {
				return errSyntax
			}
		}
		p.add(&sip.ContactHeader{DisplayName: a.display, Address: a.uri, Params: a.params})
	case kindRoute:
		p.add(&sip.RouteHeader{Address: a.uri})
	case kindRecordRoute:
		p.add(&sip.RecordRouteHeader{Address: a.uri})
	}
	return nil
}

// readVia reads one Via value. More than one in a response means that it is not
// for a user agent (RFC 3261 section 8.1.3.3).
func (p *parser) readVia(value string) error {
	var via *sip.ViaHeader
	if p.via == nil {
		via = &p.common.via
		via.Params = p.common.params[:0:2]
	} else {
		via = new(sip.ViaHeader)
	}
	if err := parseVia(value, via); err != nil {
		return err
	}
	if p.via == nil {
		p.via = via
	} else if !p.start.request && !p.proxy {
		p.fail(bad("response with several Via"))
	}
	p.add(via)
	return nil
}
