package sipserver

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// nonces makes and judges nonces. A nonce carries its time and a MAC, so that those nobody uses cost no memory; of those
// in use the highest nonce count is kept, so that an answer works once (RFC 7616 section 5.5).
type nonces struct {
	key      []byte
	realm    string
	lifetime time.Duration
	made     uint32
	used     map[string]nonceUse
}

type nonceUse struct {
	count int
	until time.Time
}

// maxNonces is how many are remembered; beyond it every answer is stale until old ones have expired.
const maxNonces = 20_000

// nonceState is what a nonce is worth.
type nonceState int

const (
	nonceForged nonceState = iota // not ours
	nonceStale                    // too old, or the count was used before
	nonceGood
)

const macSize = 12

func newNonces(key []byte, realm string, lifetime time.Duration) *nonces {
	return &nonces{key: key, realm: realm, lifetime: lifetime, used: map[string]nonceUse{}}
}

// next makes a nonce.
func (n *nonces) next(now time.Time) string {
	n.made++
	var head [12]byte
	binary.BigEndian.PutUint64(head[:], uint64(now.UnixNano()))
	binary.BigEndian.PutUint32(head[8:], n.made)
	return base64.RawURLEncoding.EncodeToString(append(head[:], n.mac(head[:])...))
}

func (n *nonces) mac(head []byte) []byte {
	h := hmac.New(sha256.New, n.key)
	h.Write(head)
	h.Write([]byte(n.realm))
	return h.Sum(nil)[:macSize]
}

// judge tells what a nonce is worth with that count; use notes it afterwards.
func (n *nonces) judge(nonce string, count int, now time.Time) nonceState {
	data, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(data) != 12+macSize || subtle.ConstantTimeCompare(data[12:], n.mac(data[:12])) != 1 {
		return nonceForged
	}
	age := now.Sub(time.Unix(0, int64(binary.BigEndian.Uint64(data))))
	if age < 0 || age >= n.lifetime || count <= n.used[nonce].count {
		return nonceStale
	}
	if _, known := n.used[nonce]; !known && !n.room(now) {
		return nonceStale
	}
	return nonceGood
}

// use notes that a good answer has used the nonce.
func (n *nonces) use(nonce string, count int, now time.Time) {
	n.used[nonce] = nonceUse{count, now.Add(n.lifetime)}
}

func (n *nonces) room(now time.Time) bool {
	if len(n.used) < maxNonces {
		return true
	}
	for nonce, use := range n.used {
		if now.After(use.until) {
			delete(n.used, nonce)
		}
	}
	return len(n.used) < maxNonces
}
