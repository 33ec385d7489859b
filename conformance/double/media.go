package double

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

func randomOr(r io.Reader) io.Reader {
	if r == nil {
		return cryptorand.Reader
	}
	return r
}

// address is what a double pretends to have: nothing is bound.
type address struct {
	port int
	id   string // MSRP session-id, 80 bits
}

func (a *address) choose(random io.Reader) error {
	var seed [12]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return fmt.Errorf("random numbers for SDP: %w", err)
	}
	a.port = 20000 + 2*int(binary.BigEndian.Uint16(seed[:])%10000)
	a.id = hex.EncodeToString(seed[2:])
	return nil
}

// Label is the name that a double has written into its m-line, or "".
func Label(line *sdp.MediaDescription) string {
	label, _ := line.Attribute("label")
	return strings.TrimSpace(label)
}

// TypeOf is the stream type that an m-line is for, "" if it is none of the
// built-in ones.
func TypeOf(line *sdp.MediaDescription) string {
	_, file := line.Attribute("file-selector")
	switch line.MediaName.Media {
	case "audio":
		return "audio"
	case "message":
		if file {
			return "file-transfer"
		}
		return "chat"
	case "application":
		types, _ := line.Attribute("accept-types")
		if slices.Contains(strings.Fields(types), "application/x-rfb") {
			return "desktop-sharing"
		}
		return ""
	}
	return line.MediaName.Media
}

func protocolsOf(streamType string) []string {
	if streamType == "audio" || !isBuiltIn(streamType) {
		return []string{"RTP/AVP"}
	}
	return []string{"TCP/MSRP", "TCP/TLS/MSRP"}
}

func isBuiltIn(streamType string) bool {
	return slices.Contains([]string{"audio", "chat", "file-transfer", "desktop-sharing"}, streamType)
}

// fixedDirection is that of a stream without hold: what fits the offer (RFC 3264 section 6.1), and a file goes one way.
func (s *Stream) fixedDirection() sdp.Direction {
	switch {
	case s.offer != nil:
		return callsdp.Reverse(callsdp.Direction(s.offer, s.offerOf))
	case s.cfg.Type == "file-transfer":
		return callsdp.SendOnly
	}
	return callsdp.SendRecv
}

// lineLocked is our m-line, as a stream of the type would write it.
func (s *Stream) lineLocked(direction sdp.Direction) *sdp.MediaDescription {
	line := &sdp.MediaDescription{MediaName: sdp.MediaName{Port: sdp.RangedPort{Value: s.address.port}}}
	add := func(key, value string) { line.Attributes = append(line.Attributes, sdp.NewAttribute(key, value)) }
	if s.cfg.Name != "" {
		add("label", s.cfg.Name)
	}
	if protocolsOf(s.cfg.Type)[0] == "RTP/AVP" {
		line.MediaName.Media = s.cfg.Type
		line.MediaName.Protos, line.MediaName.Formats = []string{"RTP", "AVP"}, []string{"0", "8"}
		add("rtcp", strconv.Itoa(s.address.port+1))
		add("rtpmap", "0 PCMU/8000")
		add("rtpmap", "8 PCMA/8000")
	} else {
		s.describeMSRP(line, add)
	}
	callsdp.SetDirection(line, direction)
	return line
}

func (s *Stream) describeMSRP(line *sdp.MediaDescription, add func(key, value string)) {
	line.MediaName.Media = "message"
	line.MediaName.Protos, line.MediaName.Formats = []string{"TCP", "MSRP"}, []string{"*"}
	if s.offer != nil {
		line.MediaName.Protos = slices.Clone(s.offer.MediaName.Protos)
	}
	add("path", fmt.Sprintf("msrp://double.invalid:%d/%s;tcp", s.address.port, s.address.id))
	switch s.cfg.Type {
	case "chat":
		add("accept-types", "message/cpim text/* application/im-iscomposing+xml")
		add("accept-wrapped-types", "*")
	case "file-transfer":
		add("accept-types", "*")
		add("accept-wrapped-types", "*")
		add("file-selector", `name:"double.bin" type:application/octet-stream size:1024`)
	case "desktop-sharing":
		line.MediaName.Media = "application"
		add("accept-types", "application/x-rfb")
		add("rfbsetup", role(s.offer == nil, "active", "passive"))
	}
	add("setup", role(s.offer == nil, "active", "passive"))
}

func role(offers bool, offerer, answerer string) string {
	if offers {
		return offerer
	}
	return answerer
}
