package xcap_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/xcapserver"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
	"github.com/go-sipsimple/callflow/sipsimple/xcap"
)

var rules = xcap.Document{Application: "pres-rules"}

const path = "/pres-rules/users/sip:alice@example.test/index"

// lab is a client with its storage, and a server.
type lab struct {
	*xcap.Client
	t      *testing.T
	server *xcapserver.Server
	kept   storage.XCAPStorage
	alice  *simnet.Host
}

func inLab(t *testing.T, server xcapserver.Config, client xcap.Config, body func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		defer n.Close()
		far, err1 := n.Host("server", netip.Addr{})
		near, err2 := n.Host("alice", netip.Addr{})
		server.Net, server.Host = far, far.Addr()
		s, err3 := xcapserver.New(server)
		kept, err4 := storage.NewMemory().XCAPStorageFactory()("alice@example.test")
		client.Net, client.Rand, client.User, client.Storage = near, rand.NewChaCha8([32]byte{}), "sip:alice@example.test", kept
		if client.Root == "" {
			client.Root = "http://server.test/"
		}
		c, err5 := xcap.NewClient(client)
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		body(&lab{c, t, s, kept, near})
	})
}

func doc(text string) xcap.Content {
	return xcap.Content{Type: "application/auth-policy+xml", Data: []byte("<rules>" + text + "</rules>")}
}

func (l *lab) requests(want ...string) {
	l.t.Helper()
	if got := l.server.Requests(); !slices.Equal(got, want) {
		l.t.Errorf("requests\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestDocuments: a document is made, fetched, changed and removed; what is kept is
// not fetched twice, and nobody's change is lost.
func TestDocuments(t *testing.T) {
	inLab(t, xcapserver.Config{}, xcap.Config{}, func(l *lab) {
		ctx := context.Background()
		if _, err := l.Get(ctx, rules); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("nothing there: %v", err)
		}
		made, err := l.Put(ctx, rules, doc("1"), xcap.Condition{New: true})
		if err != nil || made.ETag != `"e1"` {
			t.Errorf("made %+v, %v", made, err)
		}
		if kept, err := l.kept.Load("pres-rules"); err != nil || string(kept) != "\"e1\"\n<rules>1</rules>" {
			t.Errorf("kept %q, %v", kept, err)
		}
		if got, err := l.Get(ctx, rules); err != nil || string(got.Data) != "<rules>1</rules>" || got.ETag != made.ETag {
			t.Errorf("kept and still the same: %+v, %v", got, err)
		}
		if _, err := l.Put(ctx, rules, doc("2"), xcap.Condition{New: true}); !errors.Is(err, xcap.ErrChanged) {
			t.Errorf("it is there already: %v", err)
		}
		l.server.Store(path, "application/auth-policy+xml", "<rules>other</rules>")
		if _, err := l.Put(ctx, rules, doc("2"), xcap.Condition{ETag: made.ETag}); !errors.Is(err, xcap.ErrChanged) {
			t.Errorf("somebody was faster: %v", err)
		}
		got, err := l.Get(ctx, rules)
		if err != nil || string(got.Data) != "<rules>other</rules>" || got.Type != "application/auth-policy+xml" {
			t.Errorf("changed: %+v, %v", got, err)
		}
		if _, err := l.Put(ctx, rules, doc("3"), xcap.Condition{ETag: got.ETag}); err != nil || l.server.Document(path) != "<rules>3</rules>" {
			t.Errorf("changed by us: %v, %s", err, l.server.Document(path))
		}
		if err := l.Delete(ctx, rules, xcap.Condition{ETag: got.ETag}); !errors.Is(err, xcap.ErrChanged) {
			t.Errorf("removed with an old tag: %v", err)
		}
		if err := l.Delete(ctx, rules, xcap.Condition{}); err != nil {
			t.Error(err)
		}
		if _, err := l.kept.Load("pres-rules"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("still kept: %v", err)
		}
		if err := l.Delete(ctx, rules, xcap.Condition{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("removed twice: %v", err)
		}
		if caps, err := l.Get(ctx, xcap.Capabilities); err != nil || !strings.Contains(string(caps.Data), "<auid>pres-rules</auid>") {
			t.Errorf("capabilities %s, %v", caps.Data, err)
		}
		if _, err := l.kept.Load("xcap-caps"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("capabilities are kept: %v", err)
		}
		l.requests("GET "+path+" 404", "PUT "+path+" 201", "GET "+path+" 304", "PUT "+path+" 412", "PUT "+path+" 412",
			"GET "+path+" 200", "PUT "+path+" 200", "DELETE "+path+" 412", "DELETE "+path+" 200", "DELETE "+path+" 404",
			"GET /xcap-caps/global/index 200")
	})
}

// TestDigest: a challenge is answered, with the better of two algorithms; a wrong
// password is refused once and told nobody.
func TestDigest(t *testing.T) {
	users := xcapserver.Config{Users: map[string]string{"alice": "secret"}}
	inLab(t, users, xcap.Config{Password: "secret"}, func(l *lab) {
		if _, err := l.Put(context.Background(), rules, doc("1"), xcap.Condition{}); err != nil {
			t.Error(err)
		}
		l.requests("PUT "+path+" 401", "PUT "+path+" 201")
	})
	for _, password := range []string{"wrong", ""} {
		inLab(t, users, xcap.Config{Password: password}, func(l *lab) {
			_, err := l.Get(context.Background(), rules)
			if !errors.Is(err, fs.ErrPermission) || password != "" && strings.Contains(err.Error(), password) {
				t.Errorf("password %q: %v", password, err)
			}
			if n := len(l.server.Requests()); n != 1+min(1, len(password)) {
				t.Errorf("password %q: %d requests", password, n)
			}
		})
	}
}

// TestStaleNonce: a nonce that was too old is replaced once.
func TestStaleNonce(t *testing.T) {
	tries := 0
	stale := xcapserver.Config{Intercept: func(w http.ResponseWriter, r *http.Request) bool {
		tries++
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="x", nonce="n%d", qop="auth", stale=true`, tries))
		w.WriteHeader(401)
		return true
	}}
	inLab(t, stale, xcap.Config{Password: "secret"}, func(l *lab) {
		if _, err := l.Get(context.Background(), rules); !errors.Is(err, fs.ErrPermission) || tries != 3 {
			t.Errorf("%d tries, %v", tries, err)
		}
	})
}

// TestConflict: what the server says is wrong reaches the caller.
func TestConflict(t *testing.T) {
	inLab(t, xcapserver.Config{}, xcap.Config{}, func(l *lab) {
		_, err := l.Put(context.Background(), rules, doc("<same/><same/>"), xcap.Condition{})
		var refused *xcap.ServerError
		if !errors.Is(err, xcap.ErrConflict) || !errors.As(err, &refused) || refused.Conflict != "uniqueness-failure" ||
			refused.Phrase != "there is such an entry already" {
			t.Errorf("%v", err)
		}
		if _, err := l.kept.Load("pres-rules"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("kept: %v", err)
		}
	})
}

// TestHostileServers: garbage, floods and silence are errors; nothing of them is
// kept, and what was kept stays.
func TestHostileServers(t *testing.T) {
	answer := func(code int, mediaType, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("ETag", `"x"`)
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	drop := func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	silent := func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
	const xmlType = "application/auth-policy+xml"
	for name, c := range map[string]struct {
		intercept func(http.ResponseWriter, *http.Request) bool
		is        error
		text      string
	}{
		"no XML":         {answer(200, xmlType, "<rules"), xcap.ErrNotXML, ""},
		"no element":     {answer(200, "", "text"), xcap.ErrNotXML, ""},
		"two roots":      {answer(200, xmlType, "<a/><b/>"), xcap.ErrNotXML, ""},
		"deep":           {answer(200, xmlType, strings.Repeat("<a>", 10000)), xcap.ErrNotXML, ""},
		"huge":           {answer(200, xmlType, "<a>"+strings.Repeat("x", 1<<20)+"</a>"), xcap.ErrTooLarge, ""},
		"redirect":       {answer(302, xmlType, "<a/>"), nil, "302"},
		"500":            {answer(500, xmlType, "<a/>"), nil, "500 Internal Server Error"},
		"204":            {answer(204, "", ""), nil, "204"},
		"304 to nothing": {answer(304, "", ""), nil, "304"},
		"hangs up":       {drop, nil, "EOF"},
		"silent":         {silent, context.DeadlineExceeded, ""},
	} {
		inLab(t, xcapserver.Config{Intercept: c.intercept}, xcap.Config{}, func(l *lab) {
			begun := time.Now()
			_, err := l.Get(context.Background(), rules)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s: %v", name, err)
			}
			if d := time.Since(begun); d > 30*time.Second {
				t.Errorf("%s: it took %v", name, d)
			}
			if kept, err := l.kept.Load("pres-rules"); err == nil {
				t.Errorf("%s: %q is kept", name, kept)
			}
		})
	}
}

// TestUnreachable: no server, no such host, a call that was given up.
func TestUnreachable(t *testing.T) {
	for _, root := range []string{"http://server.test:81/", "http://nobody.test/", "https://server.test:80/"} {
		inLab(t, xcapserver.Config{}, xcap.Config{Root: root}, func(l *lab) {
			if _, err := l.Get(context.Background(), rules); err == nil {
				t.Errorf("%s answers", root)
			}
		})
	}
	inLab(t, xcapserver.Config{}, xcap.Config{}, func(l *lab) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := l.Get(ctx, rules); !errors.Is(err, context.Canceled) {
			t.Errorf("given up: %v", err)
		}
	})
}

// TestBadArguments: what is wrong here never leaves.
func TestBadArguments(t *testing.T) {
	inLab(t, xcapserver.Config{}, xcap.Config{Limit: 100}, func(l *lab) {
		ctx := context.Background()
		if _, err := l.Put(ctx, rules, xcap.Content{Data: []byte("text")}, xcap.Condition{}); !errors.Is(err, xcap.ErrNotXML) {
			t.Errorf("no XML: %v", err)
		}
		if _, err := l.Put(ctx, rules, doc(strings.Repeat("x", 100)), xcap.Condition{}); !errors.Is(err, xcap.ErrTooLarge) {
			t.Errorf("too large: %v", err)
		}
		for _, d := range []xcap.Document{{}, {Application: ".."}, {Application: "a", Name: "b\r\nc"}} {
			if _, err := l.Get(ctx, d); err == nil {
				t.Errorf("%+v is a document", d)
			}
		}
		odd := xcap.Document{Application: "resource-lists", Name: "a/../b?c#d"}
		if _, err := l.Put(ctx, odd, doc("odd"), xcap.Condition{}); err == nil {
			t.Error("a name with slashes leads elsewhere")
		}
		l.requests("PUT /resource-lists/users/sip:alice@example.test/a/../b?c#d 409")
	})
	good := xcap.Config{Root: "http://a.test/", User: "sip:a@a.test", Net: new(simnet.Host), Rand: rand.NewChaCha8([32]byte{})}
	for _, root := range []string{"", "a.test", "ftp://a.test", "http://", "http://u:secret@a.test", "http://a.test/?x", "http://a.test/#x", "http://a b"} {
		bad := good
		bad.Root = root
		if _, err := xcap.NewClient(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("root %q: %v", root, err)
		}
	}
	good.User = ""
	if _, err := xcap.NewClient(good); err == nil {
		t.Error("a client of nobody")
	}
}

// TestCorruptStorage: what cannot be read counts as nothing kept.
func TestCorruptStorage(t *testing.T) {
	for _, text := range []string{"", "\n", "\"e1\"", "\n<rules/>", "\"e1\"\n<rul"} {
		inLab(t, xcapserver.Config{}, xcap.Config{}, func(l *lab) {
			l.server.Store(path, "text/xml", "<rules/>")
			if err := l.kept.Save("pres-rules", []byte(text)); err != nil {
				t.Fatal(err)
			}
			if got, err := l.Get(context.Background(), rules); err != nil || string(got.Data) != "<rules/>" {
				t.Errorf("%q: %+v, %v", text, got, err)
			}
			l.requests("GET " + path + " 200")
		})
	}
}
