package configuration

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The types of the settings (application.md 4.4). Their zero values are not
// always valid.
type (
	// Port is a port of this host; 0 means any free one.
	Port uint16
	// SampleRate is in Hz: 16000, 32000, 44100 or 48000.
	SampleRate int
	// LogLevel is 0 (silent) to 5.
	LogLevel int
	// AudioCodec is the name of an audio codec (RFC 3551 encoding name).
	AudioCodec string
	// SIPTransport is the name of a transport.
	SIPTransport string
	// MSRPTransport is how MSRP connections are made.
	MSRPTransport string
	// MSRPConnectionModel is how MSRP sessions reach each other: through a relay
	// (RFC 4976) or directly (RFC 6135).
	MSRPConnectionModel string
	// SRTPEncryption says whether audio is encrypted (RFC 3711).
	SRTPEncryption string
	// TLSProtocol is the name of a TLS version. There is one, for the sake of
	// old files: it means a secure default, TLS 1.2 at least.
	TLSProtocol string
	// Path is the path of a file, in its shortest form; "~" at its beginning is
	// the home folder.
	Path string
)

// The values of those types.
const (
	CodecG722  AudioCodec = "G722"
	CodecSpeex AudioCodec = "speex"
	CodecPCMU  AudioCodec = "PCMU"
	CodecPCMA  AudioCodec = "PCMA"
	CodecILBC  AudioCodec = "iLBC"
	CodecGSM   AudioCodec = "GSM"
	CodecOpus  AudioCodec = "opus"

	TransportUDP SIPTransport = "udp"
	TransportTCP SIPTransport = "tcp"
	TransportTLS SIPTransport = "tls"

	MSRPOverTLS MSRPTransport = "tls"
	MSRPOverTCP MSRPTransport = "tcp"

	MSRPRelay MSRPConnectionModel = "relay"
	MSRPACM   MSRPConnectionModel = "acm"

	SRTPDisabled  SRTPEncryption = "disabled"
	SRTPOptional  SRTPEncryption = "optional"
	SRTPMandatory SRTPEncryption = "mandatory"

	TLSv1 TLSProtocol = "TLSv1"
)

// Texts, numbers and enumerations as setting types.
var (
	TextSetting = TextType("a text", parseText, func(v string) string { return v })

	SecretSetting = secretType()

	BoolSetting = TextType("true or false", parseBool, strconv.FormatBool)

	// NonNegativeSetting is a whole number up to 2147483647.
	NonNegativeSetting = TextType("a whole number, 0 or more", func(text string) (int, error) {
		return parseInt(text, 0, math.MaxInt32)
	}, strconv.Itoa)

	PortSetting = TextType("a port, 0 to 65535", func(text string) (Port, error) {
		n, err := parseInt(text, 0, math.MaxUint16)
		return Port(n), err
	}, func(v Port) string { return strconv.Itoa(int(v)) })

	LogLevelSetting = TextType("a log level, 0 to 5", func(text string) (LogLevel, error) {
		n, err := parseInt(text, 0, 5)
		return LogLevel(n), err
	}, func(v LogLevel) string { return strconv.Itoa(int(v)) })

	SampleRateSetting = TextType("a sample rate: 16000, 32000, 44100 or 48000", func(text string) (SampleRate, error) {
		switch text {
		case "16000", "32000", "44100", "48000":
			n, err := strconv.Atoi(text)
			return SampleRate(n), err
		}
		return 0, errValue
	}, func(v SampleRate) string { return strconv.Itoa(int(v)) })

	PathSetting = TextType("the path of a file", parsePath, func(v Path) string { return string(v) })

	CodecListSetting = ListType[[]AudioCodec](EnumType(CodecG722, CodecSpeex, CodecPCMU, CodecPCMA, CodecILBC, CodecGSM, CodecOpus), true)

	TransportListSetting = ListType[[]SIPTransport](EnumType(TransportTLS, TransportTCP, TransportUDP), true)

	MSRPTransportSetting       = EnumType(MSRPOverTLS, MSRPOverTCP)
	MSRPConnectionModelSetting = EnumType(MSRPRelay, MSRPACM)
	SRTPEncryptionSetting      = EnumType(SRTPDisabled, SRTPOptional, SRTPMandatory)
	TLSProtocolSetting         = EnumType(TLSv1)
)

func parseText(text string) (string, error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", errValue
	}
	return text, nil
}

func secretType() Type[Secret] {
	typ := TextType("a text", func(text string) (Secret, error) {
		_, err := parseText(text)
		return NewSecret(text), err
	}, Secret.Reveal)
	typ.Secret = true
	return typ
}

// parseBool reads what people write for true and false.
func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, errValue
}

// parseInt reads decimal digits, without a sign.
func parseInt(text string, least, most int) (int, error) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, errValue
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, errValue
	}
	return n, nil
}

func parsePath(text string) (Path, error) {
	if _, err := parseText(text); err != nil || text == "" {
		return "", errValue
	}
	return Path(filepath.Clean(text)), nil
}

// Expand is the path with the home folder in place of "~". Only "~" alone and
// "~/" are known.
func (p Path) Expand() (string, error) {
	rest, ok := strings.CutPrefix(string(p), "~")
	if !ok || rest != "" && !os.IsPathSeparator(rest[0]) {
		return string(p), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("path %s: %w", p, err)
	}
	return filepath.Join(home, rest), nil
}

// PortRange is a range of ports, both ends included.
type PortRange struct{ Start, End int }

// String writes the range as it stands in the store: "50000-50500".
func (r PortRange) String() string { return fmt.Sprintf("%d-%d", r.Start, r.End) }

// PortRangeSetting is a range within 1 to 65535, the start not after the end:
// "50000-50500", or "50000..50500" as scenarios write ranges.
var PortRangeSetting = TextType("a range of ports, such as 50000-50500", func(text string) (PortRange, error) {
	first, last, ok := strings.Cut(strings.Replace(text, "..", "-", 1), "-")
	start, err1 := parseInt(strings.TrimSpace(first), 1, math.MaxUint16)
	end, err2 := parseInt(strings.TrimSpace(last), 1, math.MaxUint16)
	if !ok || err1 != nil || err2 != nil || start > end {
		return PortRange{}, errValue
	}
	return PortRange{start, end}, nil
}, PortRange.String)
