package script

import (
	"strconv"
	"strings"

	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/scenario"
)

// payloads are the numbers under which the party writes well-known codecs:
// those of RFC 3551 where there is one.
var payloads = map[string]string{
	"PCMU/8000": "0", "GSM/8000": "3", "G723/8000": "4", "PCMA/8000": "8", "G722/8000": "9", "G728/8000": "15",
	"G729/8000": "18", "telephone-event/8000": "101", "speex/8000": "102", "speex/16000": "103",
	"speex/32000": "104", "opus/48000/2": "111", "iLBC/8000": "117",
}

// defaultRates complete a codec that is named without a clock rate.
var defaultRates = map[string]string{"speex": "16000", "opus": "48000/2"}

// codecs writes the codecs of the spec, else of the stream, else of the party,
// and DTMF events beside them.
func (p *Party) codecs(line *psdp.MediaDescription, spec scenario.SDPLine) {
	list := spec.Codecs
	if def := p.cfg.Streams[spec.Name]; list == nil && def != nil {
		list = def.Codecs
	}
	switch {
	case line.MediaName.Media != "audio" && list == nil:
		list = []string{"H264/90000"}
	case list == nil:
		list = p.cfg.Codecs
	}
	if line.MediaName.Media == "audio" {
		list = append(list[:len(list):len(list)], "telephone-event")
	}
	free := 118
	for _, name := range list {
		name = fullName(name)
		format, ok := payloads[name]
		if !ok {
			format = strconv.Itoa(free)
			free++
		}
		line.MediaName.Formats = append(line.MediaName.Formats, format)
		line.Attributes = append(line.Attributes, psdp.Attribute{Key: "rtpmap", Value: format + " " + name})
		if strings.HasPrefix(name, "telephone-event") {
			line.Attributes = append(line.Attributes, psdp.Attribute{Key: "fmtp", Value: format + " 0-15"})
		}
	}
}

// fullName is "opus/48000/2" for "Opus": the spelling of the table above if the
// codec is in it.
func fullName(name string) string {
	base, rate, hasRate := strings.Cut(name, "/")
	if !hasRate {
		rate = "8000"
		for known, r := range defaultRates {
			if strings.EqualFold(known, base) {
				rate = r
			}
		}
	}
	for known := range payloads {
		if strings.EqualFold(known, base+"/"+rate) {
			return known
		}
	}
	return base + "/" + rate
}
