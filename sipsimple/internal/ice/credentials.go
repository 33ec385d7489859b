package ice

import "math/rand/v2"

// Credentials are what a party signs its checks with (RFC 5245 section 15.4).
type Credentials struct{ Ufrag, Pwd string }

// Lengths of what we make, of 64 characters each: 72 and 144 bits of chance.
const (
	ufragLength = 12
	pwdLength   = 24
)

// iceChars are the characters of both (RFC 5245 section 15.1).
const iceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// NewCredentials makes new ones. The generator must have been seeded with what nobody can guess.
func NewCredentials(random *rand.ChaCha8) Credentials {
	var octets [ufragLength + pwdLength]byte
	random.Read(octets[:])
	for i, b := range octets {
		octets[i] = iceChars[b%64]
	}
	return Credentials{Ufrag: string(octets[:ufragLength]), Pwd: string(octets[ufragLength:])}
}

// Valid tells whether they keep to the grammar (RFC 5245 section 15.4): 4 to 256 and 22 to 256 characters.
func (c Credentials) Valid() bool {
	return areICEChars(c.Ufrag, 4) && areICEChars(c.Pwd, 22)
}

func areICEChars(text string, least int) bool {
	if len(text) < least || len(text) > 256 {
		return false
	}
	for _, r := range text {
		switch {
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '+', r == '/':
		default:
			return false
		}
	}
	return true
}
