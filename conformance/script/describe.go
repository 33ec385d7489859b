package script

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// describe makes the description that the script asks for and remembers it as
// the last one of the dialog. Each new one has a higher version.
func (p *Party) describe(d *dialog, what any) ([]byte, error) {
	m := &d.media
	if what == "same" {
		if m.sentBody == nil {
			return nil, errors.New("sdp: same, but nothing was sent in this dialog before")
		}
		return m.sentBody, nil
	}
	description := sdp.NewSession(p.cfg.Name, p.cfg.Host, 0)
	var err error
	switch what := what.(type) {
	case string:
		err = p.answerAll(description, m, what)
	case *scenario.SDPSpec:
		err = p.describeLines(description, m, what)
		if err == nil {
			p.nameLines(d, what)
		}
	default:
		err = fmt.Errorf("sdp cannot be a %T", what)
	}
	if err != nil {
		return nil, err
	}
	if m.id == 0 {
		m.id, m.version = uint64(len(p.dialogs))+1, 0
	}
	m.version++
	description.Origin.SessionID, description.Origin.SessionVersion = m.id, m.version
	if spec, ok := what.(*scenario.SDPSpec); ok && spec.Origin != "" {
		if err := setOrigin(&description.Origin, spec.Origin); err != nil {
			return nil, err
		}
	}
	m.sent, m.sentBody = description, sdp.Marshal(description)
	return m.sentBody, p.listenMSRP(d, description)
}

// setOrigin writes what a file says about the o= line: the user name, or that
// with network type, address type and address, or the whole line.
func setOrigin(o *psdp.Origin, text string) error {
	fields := strings.Fields(text)
	switch len(fields) {
	case 1:
		o.Username = fields[0]
		return nil
	case 4:
		o.Username, o.NetworkType, o.AddressType, o.UnicastAddress = fields[0], fields[1], fields[2], fields[3]
		return nil
	case 6:
		o.Username, o.NetworkType, o.AddressType, o.UnicastAddress = fields[0], fields[3], fields[4], fields[5]
		var err1, err2 error
		o.SessionID, err1 = strconv.ParseUint(fields[1], 10, 64)
		o.SessionVersion, err2 = strconv.ParseUint(fields[2], 10, 64)
		return errors.Join(err1, err2)
	}
	return fmt.Errorf("origin %q has neither 1 nor 4 nor 6 fields", text)
}

// answerAll accepts every line of the offer with its direction reversed.
func (p *Party) answerAll(description *psdp.SessionDescription, m *media, word string) error {
	if word != "answer" {
		return fmt.Errorf("sdp: %s is none of none, same, answer", word)
	}
	if m.received == nil {
		return errors.New("sdp: answer, but there is no offer")
	}
	for i, line := range m.received.MediaDescriptions {
		description.MediaDescriptions = append(description.MediaDescriptions, p.mirror(line, m.received, i))
	}
	return nil
}

// mirror is the answer that accepts an offered line.
func (p *Party) mirror(offer *psdp.MediaDescription, session *psdp.SessionDescription, index int) *psdp.MediaDescription {
	if !sdp.Alive(offer) {
		return sdp.RefusedLine(offer)
	}
	local := sdp.RefusedLine(offer)
	local.MediaName.Port.Value = port(index)
	if sdp.IsRTP(offer) {
		for _, a := range offer.Attributes {
			if a.Key == "rtpmap" || a.Key == "fmtp" {
				local.Attributes = append(local.Attributes, a)
			}
		}
		return sdp.AnswerLine(offer, session, local)
	}
	p.msrpAttributes(local, offer)
	return local
}

// msrpAttributes are those that a line over MSRP needs (RFC 4975 section 8);
// the offer is nil in an offer.
func (p *Party) msrpAttributes(line, offer *psdp.MediaDescription) {
	if !strings.Contains(strings.ToUpper(sdp.Protocol(line)), "MSRP") {
		return
	}
	add := func(key, value string) {
		line.Attributes = append(line.Attributes, psdp.Attribute{Key: key, Value: value})
	}
	scheme := "msrp"
	if isSecure(line) {
		scheme = "msrps"
	}
	host, _ := p.hostPort("tcp")
	add("path", fmt.Sprintf("%s://%s:%d/%s;tcp", scheme, host, line.MediaName.Port.Value, p.token()))
	setup, types := "active", "text/plain *"
	if offer != nil {
		setup = "passive"
		if value, ok := offer.Attribute("accept-types"); ok {
			types = value
		}
		if s, _ := offer.Attribute("setup"); s == "passive" {
			setup = "active"
		}
		if value, ok := offer.Attribute("file-selector"); ok {
			add("file-selector", value)
		}
		if d := sdp.Direction(offer, nil); d != sdp.SendRecv {
			add(sdp.Reverse(d).String(), "")
		}
	}
	add("accept-types", types)
	add("setup", setup)
	if isSecure(line) && p.cfg.TLS != nil && len(p.cfg.TLS.Certificates) > 0 {
		add("fingerprint", msrp.Fingerprint(p.cfg.TLS.Certificates[0].Certificate[0]))
	}
}

// port is the default port of the line at an index.
func port(index int) int { return 40000 + 2*index }

// describeLines makes the lines of a spec. Lines that say `absent` are not there.
func (p *Party) describeLines(description *psdp.SessionDescription, m *media, spec *scenario.SDPSpec) error {
	if spec.Address != "" {
		addr, err := netip.ParseAddr(spec.Address)
		if err != nil {
			return fmt.Errorf("sdp: address: %w", err)
		}
		description.ConnectionInformation = sdp.Connection(addr)
	}
	for _, line := range spec.Lines {
		if line.Value == "absent" {
			continue
		}
		made, err := p.line(m, len(description.MediaDescriptions), line)
		if err != nil {
			return fmt.Errorf("sdp: %s: %w", line.Name, err)
		}
		description.MediaDescriptions = append(description.MediaDescriptions, made)
	}
	return nil
}

// line makes one line.
func (p *Party) line(m *media, index int, spec scenario.SDPLine) (*psdp.MediaDescription, error) {
	switch spec.Value {
	case "same":
		if m.sent == nil || index >= len(m.sent.MediaDescriptions) {
			return nil, errors.New("same, but the line was not sent before")
		}
		return sdp.CloneLine(m.sent.MediaDescriptions[index]), nil
	case "mirror":
		if m.received == nil || index >= len(m.received.MediaDescriptions) {
			return nil, errors.New("mirror, but the peer offered no such line")
		}
		return p.mirror(m.received.MediaDescriptions[index], m.received, index), nil
	}
	line, err := p.mediaName(m, index, spec)
	if err != nil {
		return nil, err
	}
	if spec.Address != "" {
		addr, err := netip.ParseAddr(spec.Address)
		if err != nil {
			return nil, err
		}
		line.ConnectionInformation = sdp.Connection(addr)
	}
	p.attributes(line, spec)
	return line, nil
}

// streamType is the type of the stream that a line is for.
func (p *Party) streamType(name string) string {
	if def := p.cfg.Streams[name]; def != nil {
		return def.Type
	}
	return strings.TrimRight(name, "0123456789")
}

// mediaName makes the m= part from the type of the stream and from what the
// file says. A name that is no stream keeps the media of the line in its place.
func (p *Party) mediaName(m *media, index int, spec scenario.SDPLine) (*psdp.MediaDescription, error) {
	line := &psdp.MediaDescription{}
	n := &line.MediaName
	switch kind := p.streamType(spec.Name); kind {
	case "chat", "file-transfer":
		n.Media, n.Protos, n.Formats = "message", []string{"TCP", "MSRP"}, []string{"*"}
	case "desktop-sharing":
		n.Media, n.Protos, n.Formats = "application", []string{"TCP", "MSRP"}, []string{"*"}
	case "audio", "video":
		n.Media, n.Protos = kind, []string{"RTP", "AVP"}
	default:
		n.Media, n.Protos = kind, []string{"RTP", "AVP"}
		if before := m.lineAt(index); before != nil {
			*n = sdp.RefusedLine(before).MediaName
		}
	}
	n.Media = orElse(spec.Media, n.Media)
	if spec.Protocol != "" {
		n.Protos = strings.Split(spec.Protocol, "/")
	}
	if spec.Formats != nil {
		n.Formats = spec.Formats
	}
	n.Port.Value = port(index)
	if text := orElse(spec.Port, spec.Value); text == "0" || spec.Port != "" {
		value, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("port %s: %w", text, err)
		}
		n.Port.Value = int(value)
	}
	return line, nil
}

// lineAt is the line in that place of the last description of either side.
func (m *media) lineAt(index int) *psdp.MediaDescription {
	for _, d := range []*psdp.SessionDescription{m.sent, m.received} {
		if d != nil && index < len(d.MediaDescriptions) {
			return d.MediaDescriptions[index]
		}
	}
	return nil
}

// attributes completes a line: rtpmap for its codecs, the direction, and what
// the file lists.
func (p *Party) attributes(line *psdp.MediaDescription, spec scenario.SDPLine) {
	direction := orElse(spec.Direction, spec.Value)
	if sdp.IsRTP(line) {
		if line.MediaName.Formats == nil {
			p.codecs(line, spec)
		}
		if direction == "" || direction == "alive" {
			direction = "sendrecv"
		}
	}
	if sdp.Alive(line) {
		p.msrpAttributes(line, nil)
	}
	for _, text := range spec.Attributes {
		key, value, _ := strings.Cut(text, ":")
		name := strings.TrimPrefix(key, "!") // ! leaves out what the party writes by itself
		if name != key || slices.Contains([]string{"path", "accept-types", "setup", "file-selector", "fingerprint"}, name) {
			line.Attributes = slices.DeleteFunc(line.Attributes, func(a psdp.Attribute) bool { return a.Key == name })
		}
		if name != key {
			continue
		}
		line.Attributes = append(line.Attributes, psdp.Attribute{Key: key, Value: value})
	}
	if d, err := psdp.NewDirection(direction); err == nil && sdp.Alive(line) {
		sdp.SetDirection(line, d)
	}
}

// nameLines tells the names of the lines to whoever matches them.
func (p *Party) nameLines(d *dialog, spec *scenario.SDPSpec) {
	var names []string
	for _, line := range spec.Lines {
		if line.Value != "absent" {
			names = append(names, line.Name)
		}
	}
	d.media.names = names
	p.tracker.Name(d.callID, names...)
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}
