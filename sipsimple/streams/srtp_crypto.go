package streams

import (
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/srtp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// Encryption is the setting rtp.srtp_encryption.
type Encryption string

// The values of [Encryption]. The zero value is disabled.
const (
	EncryptionDisabled  Encryption = "disabled"
	EncryptionOptional  Encryption = "optional"
	EncryptionMandatory Encryption = "mandatory"
)

// suite is an SDES crypto suite that we have (RFC 4568 section 6.2).
type suite struct {
	name    string
	profile srtp.ProtectionProfile
}

// suites are all, in order of preference.
var suites = [2]suite{
	{"AES_CM_128_HMAC_SHA1_80", srtp.ProtectionProfileAes128CmHmacSha1_80},
	{"AES_CM_128_HMAC_SHA1_32", srtp.ProtectionProfileAes128CmHmacSha1_32},
}

// A master key and salt in one.
const (
	masterKeySize  = 16
	masterSaltSize = 14
	keySize        = masterKeySize + masterSaltSize
)

type masterKey [keySize]byte

// crypto is one a=crypto line that we can use.
type crypto struct {
	tag   int
	suite suite
	key   masterKey
}

func (c crypto) String() string {
	return strconv.Itoa(c.tag) + " " + c.suite.name + " inline:" + base64.StdEncoding.EncodeToString(c.key[:])
}

var errDoubleTag = errors.New("two a=crypto lines have the same tag")

// cryptoLines reads the usable a=crypto lines of an m-line in their order. Lines
// of other suites, with weak keys, with a master key identifier or with
// parameters that change the protection are left out; the same tag twice is an
// error.
func cryptoLines(line *sdp.MediaDescription) ([]crypto, error) {
	var list []crypto
	tags := map[int]bool{}
	for _, a := range line.Attributes {
		if !strings.EqualFold(a.Key, "crypto") {
			continue
		}
		fields := strings.Fields(a.Value)
		if len(fields) < 3 {
			continue
		}
		tag, err := strconv.Atoi(fields[0])
		if err != nil || len(fields[0]) > 9 || tag < 0 {
			continue
		}
		if tags[tag] {
			return nil, errDoubleTag
		}
		tags[tag] = true
		if c, ok := parseCrypto(tag, fields[1:]); ok {
			list = append(list, c)
		}
	}
	return list, nil
}

// parseCrypto reads suite, key and session parameters.
func parseCrypto(tag int, fields []string) (crypto, bool) {
	c := crypto{tag: tag}
	for _, s := range suites {
		if s.name == fields[0] {
			c.suite = s
		}
	}
	if c.suite.name == "" || !c.key.parse(fields[1]) {
		return crypto{}, false
	}
	for _, parameter := range fields[2:] {
		// Unknown parameters may be ignored only if they begin with "-" (RFC 4568
		// section 6.3); a hint on the window size is none of our business.
		if !strings.HasPrefix(parameter, "-") && !strings.HasPrefix(parameter, "WSH=") {
			return crypto{}, false
		}
	}
	return c, true
}

// parse reads "inline:<key and salt>[|lifetime]".
func (k *masterKey) parse(text string) bool {
	method, info, ok := strings.Cut(text, ":")
	if !ok || !strings.EqualFold(method, "inline") || strings.Contains(info, ";") {
		return false
	}
	parts := strings.Split(info, "|")
	for _, part := range parts[1:] {
		if strings.Contains(part, ":") {
			return false // a master key identifier
		}
	}
	key, err := base64.StdEncoding.DecodeString(parts[0])
	if err != nil {
		key, err = base64.RawStdEncoding.DecodeString(parts[0])
	}
	if err != nil || len(key) != keySize {
		return false
	}
	copy(k[:], key)
	return *k != masterKey{}
}

// hasCrypto tells whether the m-line has anything of SRTP.
func hasCrypto(line *sdp.MediaDescription) bool {
	_, ok := line.Attribute("crypto")
	return ok || isSecureProtocol(line)
}

func isSecureProtocol(line *sdp.MediaDescription) bool {
	return strings.EqualFold(callsdp.Protocol(line), "RTP/SAVP")
}

// keying is how a stream deals with SRTP; it is decided once, when the stream is
// initialised.
type keying struct {
	use    bool     // we have a=crypto lines
	forced bool     // plain RTP is out of the question
	secure bool     // the protocol is RTP/SAVP
	ours   []crypto // to offer, or the one of the answer
}

var errRemotelyMandatory = errors.New("SRTP is remotely mandatory but it is not locally enabled")
var errNotUsable = errors.New("SRTP is mandatory but the signalling is not encrypted")

// decideKeying is streams.md 5.4 step 2. The offer is nil for an outgoing stream.
func decideKeying(settings RTPSettings, transport string, offer *sdp.MediaDescription, random io.Reader) (keying, error) {
	enabled := settings.SRTPEncryption == EncryptionOptional || settings.SRTPEncryption == EncryptionMandatory
	usable := enabled && (strings.EqualFold(transport, "tls") || settings.UseSRTPWithoutTLS)
	mandatory := settings.SRTPEncryption == EncryptionMandatory
	k := keying{forced: mandatory}
	switch {
	case mandatory && !usable:
		return k, errNotUsable // never in the clear instead
	case offer == nil:
		k.use, k.secure = usable, mandatory
		return k, k.makeKeys(suites[:], 1, random)
	case isSecureProtocol(offer):
		k.secure, k.forced = true, true
		if !usable {
			return k, errRemotelyMandatory
		}
	}
	lines, err := cryptoLines(offer)
	if err != nil {
		return k, err
	}
	if !usable || len(lines) == 0 {
		if k.forced {
			return k, errors.New("no usable a=crypto line is offered")
		}
		return k, nil
	}
	k.use = true
	return k, k.makeKeys([]suite{lines[0].suite}, lines[0].tag, random)
}

// makeKeys makes a key for each suite, with tags from first on.
func (k *keying) makeKeys(suites []suite, first int, random io.Reader) error {
	if !k.use {
		return nil
	}
	for i, s := range suites {
		c := crypto{tag: first + i, suite: s}
		if _, err := io.ReadFull(random, c.key[:]); err != nil {
			return err
		}
		k.ours = append(k.ours, c)
	}
	return nil
}

// addTo writes the protocol and the lines of an offer.
func (k keying) addTo(line *sdp.MediaDescription) {
	if k.secure {
		line.MediaName.Protos = []string{"RTP", "SAVP"}
	}
	for _, c := range k.ours {
		line.Attributes = append(line.Attributes, sdp.NewAttribute("crypto", c.String()))
	}
}

// answering is what to answer to a later offer: the same suite under the tag that
// it has there.
func (k keying) answering(offer *sdp.MediaDescription) keying {
	if offer == nil || len(k.ours) == 0 {
		return k
	}
	lines, err := cryptoLines(offer)
	if err != nil {
		return k
	}
	for _, theirs := range lines {
		if theirs.suite == k.ours[0].suite {
			same := k.ours[0]
			same.tag = theirs.tag
			k.ours = []crypto{same}
			break
		}
	}
	return k
}

// settled is how to go on once the keys are negotiated: later offers have nothing
// but the suite in use, and what is encrypted stays so.
func (k keying) settled(negotiated keys) keying {
	if negotiated == (keys{}) {
		return keying{}
	}
	k.forced = true
	for _, c := range k.ours {
		if c.suite == negotiated.suite {
			k.ours = []crypto{c}
			break
		}
	}
	return k
}

// accepts tells whether a later offer keeps what has been negotiated.
func (k keying) accepts(offer *sdp.MediaDescription) bool {
	if isSecureProtocol(offer) != k.secure {
		return false
	}
	if !k.use {
		return true
	}
	lines, err := cryptoLines(offer)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(lines, func(c crypto) bool { return c.suite == k.ours[0].suite })
}

// keys are the negotiated pair; the zero value stands for plain RTP.
type keys struct {
	suite         suite
	local, remote masterKey
}

// negotiatedKeys finds the pair in the two active m-lines: the lines of one tag
// and suite on both sides.
func (k keying) negotiatedKeys(local, remote *sdp.MediaDescription) (keys, error) {
	if !k.use {
		return keys{}, nil
	}
	theirs, err := cryptoLines(remote)
	if err != nil {
		return keys{}, err
	}
	ours, err := cryptoLines(local)
	if err != nil {
		return keys{}, err
	}
	for _, l := range ours {
		for _, r := range theirs {
			if l.tag == r.tag && l.suite == r.suite {
				return keys{l.suite, l.key, r.key}, nil
			}
		}
	}
	if k.forced || hasCrypto(remote) {
		return keys{}, errors.New("no a=crypto line in common")
	}
	return keys{}, nil
}
