package streams

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// newAudioFromSDP accepts audio m-lines over RTP, or SRTP where it is enabled,
// with a codec that we have.
func newAudioFromSDP(env *Environment, remote *sdp.SessionDescription, index int) (MediaStream, error) {
	line, ok := lineAt(remote, index)
	if !ok || line.MediaName.Media != "audio" {
		return nil, ErrUnknownStream
	}
	codecs := ourCodecs(env)
	if err := usableAudio(env, codecs, line); err != nil {
		return nil, err
	}
	s := newAudioStream(env, codecs)
	s.offer = &remoteOffer{session: remote, line: line}
	s.SetIndex(index)
	return s, nil
}

func lineAt(d *sdp.SessionDescription, index int) (*sdp.MediaDescription, bool) {
	if d == nil || index < 0 || index >= len(d.MediaDescriptions) {
		return nil, false
	}
	return d.MediaDescriptions[index], true
}

func usableAudio(env *Environment, codecs []audio.Codec, line *sdp.MediaDescription) error {
	enabled := env.RTP.SRTPEncryption == EncryptionOptional || env.RTP.SRTPEncryption == EncryptionMandatory
	protocol := callsdp.Protocol(line)
	if !strings.EqualFold(protocol, "RTP/AVP") && !(isSecureProtocol(line) && enabled) {
		return &InvalidStreamError{Reason: fmt.Sprintf("transport protocol %q is not supported", protocol)}
	}
	if err := usableCrypto(env, line); err != nil {
		return err
	}
	if _, ok := firstCommon(callsdp.Codecs(line), codecs); !ok {
		return &InvalidStreamError{Reason: "no codec in common"}
	}
	return nil
}

// usableCrypto refuses offers whose encryption cannot be had: keys that are
// ambiguous, RTP/SAVP without a usable key, and plain RTP where encryption is
// mandatory.
func usableCrypto(env *Environment, line *sdp.MediaDescription) error {
	lines, err := cryptoLines(line)
	if err != nil {
		return &InvalidStreamError{Reason: err.Error()}
	}
	if needed := isSecureProtocol(line) || env.RTP.SRTPEncryption == EncryptionMandatory; needed && len(lines) == 0 {
		return &InvalidStreamError{Reason: "no usable a=crypto line is offered"}
	}
	return nil
}

// ourCodecs are the configured codecs that we have and the mixer is fast
// enough for, in order.
func ourCodecs(env *Environment) []audio.Codec {
	names := env.RTP.Codecs
	if len(names) == 0 {
		names = DefaultCodecs()
	}
	codecs := make([]audio.Codec, 0, len(names))
	for _, name := range names {
		base, rate, limited := strings.Cut(name, "/")
		clock := 0 // any
		if limited {
			clock, _ = strconv.Atoi(rate) // no number: any
		}
		c, ok := audio.LookupCodec(base, clock)
		known := slices.ContainsFunc(codecs, func(other audio.Codec) bool { return other.PayloadType == c.PayloadType })
		if ok && !known && c.Sendable() && (c.AnyRate || c.SampleRate <= env.Mixer.SampleRate()) {
			codecs = append(codecs, c)
		}
	}
	return codecs
}

// DefaultCodecs is the setting rtp.audio_codec_list as it is without one: what
// can be sent of the seed's list.
func DefaultCodecs() []string { return []string{"G722", "PCMU", "PCMA"} }

// format is one of our codecs under the payload type of an m-line.
type format struct {
	codec       audio.Codec
	payloadType uint8
	parameters  string // of a=fmtp
}

// commonFormats are the formats of an m-line that we have, in its order.
func commonFormats(theirs []callsdp.Codec, ours []audio.Codec) []format {
	var list []format
	for _, c := range theirs {
		if f, ok := formatOf(c, ours); ok {
			list = append(list, f)
		}
	}
	return list
}

func firstCommon(theirs []callsdp.Codec, ours []audio.Codec) (format, bool) {
	for _, c := range theirs {
		if f, ok := formatOf(c, ours); ok {
			return f, true
		}
	}
	return format{}, false
}

// formatOf finds a format of an m-line among our codecs.
func formatOf(theirs callsdp.Codec, ours []audio.Codec) (format, bool) {
	number, err := strconv.ParseUint(theirs.Format, 10, 7)
	if err != nil {
		return format{}, false
	}
	for _, c := range ours {
		if theirs.Channels == max(1, c.Channels) && theirs.Rate == c.ClockRate && strings.EqualFold(theirs.Name, c.Name) {
			return format{c, uint8(number), theirs.Params}, true
		}
	}
	return format{}, false
}

// localLine describes all our codecs, and events. Addresses are the session's business.
func localLine(local, control netip.AddrPort, codecs []audio.Codec, k keying, direction sdp.Direction) *sdp.MediaDescription {
	line := &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media: "audio", Port: sdp.RangedPort{Value: int(local.Port())}, Protos: []string{"RTP", "AVP"},
		Formats: make([]string, 0, len(codecs)+1),
	}, Attributes: make([]sdp.Attribute, 0, len(codecs)+len(k.ours)+4)}
	line.Attributes = append(line.Attributes, sdp.NewAttribute("rtcp", strconv.Itoa(int(control.Port()))))
	for _, c := range codecs {
		number := strconv.Itoa(int(c.PayloadType))
		line.MediaName.Formats = append(line.MediaName.Formats, number)
		line.Attributes = append(line.Attributes, sdp.NewAttribute("rtpmap", number+" "+c.Format()))
	}
	addEvents(line, codecs)
	k.addTo(line)
	callsdp.SetDirection(line, direction)
	return line
}

// negotiated reads the active descriptions.
func negotiated(local, remote *sdp.SessionDescription, index int, ours []audio.Codec, k keying) (path, error) {
	localLine, ok1 := lineAt(local, index)
	remoteLine, ok2 := lineAt(remote, index)
	if !ok1 || !ok2 {
		return path{}, fmt.Errorf("there is no m-line %d", index)
	}
	remoteCodecs, localCodecs := callsdp.Codecs(remoteLine), callsdp.Codecs(localLine)
	first, ok := firstCommon(remoteCodecs, ours)
	if !ok || remoteLine.MediaName.Media != "audio" {
		return path{}, fmt.Errorf("m-line %d has no codec in common", index)
	}
	p := path{codec: first.codec, sendType: first.payloadType, parameters: first.parameters, formats: commonFormats(localCodecs, ours)}
	if !slices.ContainsFunc(p.formats, func(f format) bool { return f.payloadType == first.payloadType }) {
		p.formats = append(p.formats, first) // numbered by the peer's rules, against RFC 3264 5.1
	}
	var err error
	if p.keys, err = k.negotiatedKeys(localLine, remoteLine); err != nil {
		return path{}, fmt.Errorf("m-line %d: %w", index, err)
	}
	p.eventsOut = eventFormatOf(remoteCodecs, p.codec.ClockRate)
	p.eventsIn = eventFormatOf(localCodecs, p.codec.ClockRate)
	p.direction = callsdp.Intersect(callsdp.Direction(localLine, local), callsdp.PeerDirection(remoteLine, remote))
	addr, ok := callsdp.MediaAddrPort(remoteLine, remote)
	if !ok {
		return path{}, fmt.Errorf("m-line %d has no address", index)
	}
	if !addr.Addr().IsUnspecified() {
		p.remote, p.control = addr, controlAddress(remoteLine, addr)
	}
	return p, nil
}

// controlAddress is where the peer wants RTCP: what a=rtcp says (RFC 3605), else
// the port after that of RTP.
func controlAddress(line *sdp.MediaDescription, media netip.AddrPort) netip.AddrPort {
	control := netip.AddrPortFrom(media.Addr(), media.Port()+1)
	value, ok := line.Attribute("rtcp")
	if !ok {
		return control
	}
	fields := strings.Fields(value)
	if len(fields) == 0 {
		return control
	}
	port, err := strconv.ParseUint(fields[0], 10, 16)
	if err != nil || port == 0 {
		return control
	}
	control = netip.AddrPortFrom(media.Addr(), uint16(port))
	if len(fields) == 4 {
		if addr, err := netip.ParseAddr(fields[3]); err == nil && !addr.IsUnspecified() {
			control = netip.AddrPortFrom(addr.Unmap(), uint16(port))
		}
	}
	return control
}
