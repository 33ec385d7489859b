package simnet

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// Protocol is what a packet carries.
type Protocol string

// The protocols that [Classify] tells apart.
const (
	Unknown Protocol = ""
	SIP     Protocol = "sip"
	RTP     Protocol = "rtp"
	RTCP    Protocol = "rtcp"
	STUN    Protocol = "stun"
	DNS     Protocol = "dns"
	MSRP    Protocol = "msrp"
	TLS     Protocol = "tls"
	DTLS    Protocol = "dtls"
)

// Kind is the protocol of a packet and, for SIP and MSRP, which message it is.
type Kind struct {
	Protocol Protocol
	Method   string // of a request; empty for a response
	Code     int    // of a response; 0 for a request
	// CSeqMethod and CSeq are those of the CSeq header of a SIP message (RFC 3261 20.16).
	CSeqMethod string
	CSeq       uint32
}

// Classify tells what data is from its first octets (RFC 7983 for what shares a UDP port, RFC 5761 for RTP and RTCP)
// and, for a SIP message, from its start line and CSeq.
func Classify(data []byte) Kind {
	if len(data) == 0 {
		return Kind{}
	}
	switch first := data[0]; {
	case first >= 'A' && first <= 'Z':
		return classifyText(data)
	case first >= 128 && first <= 191:
		return Kind{Protocol: mediaProtocol(data)}
	case first < 4 && len(data) >= 20 && binary.BigEndian.Uint32(data[4:8]) == stunCookie:
		return Kind{Protocol: STUN}
	case first >= 20 && first <= 63 && len(data) > 2 && data[1] == 0xfe:
		return Kind{Protocol: DTLS}
	case first >= 20 && first <= 23 && len(data) > 2 && data[1] == 3:
		return Kind{Protocol: TLS}
	}
	return Kind{}
}

const stunCookie = 0x2112A442 // RFC 8489 5

// mediaProtocol tells RTP from RTCP by the packet type (RFC 5761 4).
func mediaProtocol(data []byte) Protocol {
	if !isMedia(data) {
		return Unknown
	}
	if data[1] >= 192 && data[1] <= 223 {
		return RTCP
	}
	return RTP
}

// isMedia is the cheap question of the hot path: RTP or RTCP (version 2)?
func isMedia(data []byte) bool { return len(data) >= 8 && data[0]>>6 == 2 }

func classifyText(data []byte) Kind {
	line, headers, _ := bytes.Cut(data, []byte("\n"))
	words := strings.Fields(string(line[:min(len(line), 4096)]))
	switch {
	case len(words) >= 2 && words[0] == "SIP/2.0":
		code, _ := strconv.Atoi(words[1])
		return withCSeq(Kind{Protocol: SIP, Code: code}, headers)
	case len(words) >= 3 && words[0] == "MSRP":
		if code, err := strconv.Atoi(words[2]); err == nil {
			return Kind{Protocol: MSRP, Code: code}
		}
		return Kind{Protocol: MSRP, Method: words[2]}
	case len(words) >= 3 && strings.HasPrefix(words[len(words)-1], "SIP/"):
		return withCSeq(Kind{Protocol: SIP, Method: words[0]}, headers)
	}
	return Kind{}
}

// withCSeq adds the CSeq of the first such header before the body.
func withCSeq(k Kind, headers []byte) Kind {
	for len(headers) > 0 {
		var line []byte
		line, headers, _ = bytes.Cut(headers, []byte("\n"))
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			return k
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || !strings.EqualFold(string(bytes.TrimSpace(name)), "CSeq") {
			continue
		}
		if words := strings.Fields(string(value)); len(words) == 2 {
			number, _ := strconv.ParseUint(words[0], 10, 32)
			k.CSeq, k.CSeqMethod = uint32(number), words[1]
		}
		return k
	}
	return k
}

// Is tells whether the packet is the message that the text names: a method ("INVITE"), a code ("200"), a class ("2xx"),
// one of these and the method it answers ("200 INVITE"), a protocol ("sip", "rtp", "rtcp", "msrp", "stun", "dns",
// "tls", "dtls") or "any".
func (k Kind) Is(message string) bool {
	what, of, both := strings.Cut(message, " ")
	switch {
	case message == "any":
		return true
	case both && (k.Code == 0 || !strings.EqualFold(k.CSeqMethod, strings.TrimSpace(of))):
		return false
	case what == "":
		return false
	case what[0] >= '1' && what[0] <= '9':
		return k.isCode(what)
	case what == strings.ToLower(what):
		return k.Protocol == Protocol(what)
	}
	return k.Method == what
}

func (k Kind) isCode(text string) bool {
	if k.Code == 0 {
		return false
	}
	if strings.HasSuffix(text, "xx") {
		return strconv.Itoa(k.Code/100) == strings.TrimSuffix(text, "xx")
	}
	return strconv.Itoa(k.Code) == text
}

// String is the message in the words that [Kind.Is] takes.
func (k Kind) String() string {
	switch {
	case k.Method != "":
		return k.Method
	case k.Code != 0 && k.CSeqMethod != "":
		return strconv.Itoa(k.Code) + " " + k.CSeqMethod
	case k.Code != 0:
		return strconv.Itoa(k.Code)
	case k.Protocol == Unknown:
		return "unknown"
	}
	return string(k.Protocol)
}
