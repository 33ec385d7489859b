package conferenceinfo_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/conferenceinfo"
)

const full = `<?xml version="1.0" encoding="UTF-8"?>
<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" xmlns:x="urn:x" entity="sip:room@f.test" state="full" version="1">
 <conference-description><display-text>Tea</display-text><subject>Biscuits &amp; more</subject>
  <conf-uris><entry><uri>sip:room@f.test</uri><purpose>participation</purpose></entry></conf-uris>
  <maximum-user-count>20</maximum-user-count>
  <available-media><entry label="10"><type>audio</type><status>sendrecv</status></entry></available-media>
  <x:unknown><display-text>no</display-text></x:unknown>
 </conference-description>
 <host-info><web-page>http://f.test/</web-page></host-info>
 <conference-state><user-count>2</user-count><active>true</active><locked>0</locked></conference-state>
 <users>
  <user entity="sip:alice@alice.test" state="full"><display-text>Alice</display-text><roles><entry>participant</entry></roles>
   <endpoint entity="sip:alice@192.0.2.1"><status>connected</status><joining-method>dialed-in</joining-method>
    <joining-info><when>2012-04-19T17:00:00Z</when><by>sip:x@f.test</by></joining-info>
    <media id="1"><type>audio</type><label>10</label><status>sendrecv</status></media>
    <call-info><sip><call-id>c</call-id><from-tag>f</from-tag><to-tag>t</to-tag></sip></call-info>
   </endpoint></user>
  <user entity="sip:bob@bob.test"><display-text>Bob</display-text></user>
 </users>
 <sidebars-by-ref><entry><uri>sip:side@f.test</uri></entry></sidebars-by-ref>
 <sidebars-by-val><entry entity="sip:side@f.test"><users><user entity="sip:bob@bob.test"/></users></entry></sidebars-by-val>
</conference-info>`

func document(version int, state, body string) string {
	return fmt.Sprintf(`<c:conference-info xmlns:c=%q entity="sip:room@f.test" state=%q version="%d">%s</c:conference-info>`,
		conferenceinfo.Namespace, state, version, body)
}

func parse(t *testing.T, text string) *conferenceinfo.Document {
	t.Helper()
	d, err := conferenceinfo.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParse(t *testing.T) {
	d := parse(t, full)
	if d.Entity != "sip:room@f.test" || d.State != conferenceinfo.Full || d.Version != 1 || len(d.Users) != 2 {
		t.Errorf("%+v", d)
	}
	if c := d.Description; c.Subject != "Biscuits & more" || c.MaximumUserCount != 20 || c.ConfURIs[0].Purpose != "participation" || c.AvailableMedia[0].Label != "10" {
		t.Errorf("%+v", c)
	}
	if c := d.Conference; c.UserCount != 2 || !*c.Active || *c.Locked {
		t.Errorf("%+v", c)
	}
	e := d.Users[0].Endpoints[0]
	if e.JoiningInfo.By != "sip:x@f.test" || e.CallInfo.ToTag != "t" || e.Media[0].Status != "sendrecv" || e.Status != "connected" {
		t.Errorf("%+v", e)
	}
	if d.SidebarsByVal[0].Users[0].Entity != "sip:bob@bob.test" || d.SidebarsByRef[0].URI != "sip:side@f.test" || d.Host.WebPage == "" {
		t.Errorf("%+v", d)
	}
}

func TestMerge(t *testing.T) {
	var p conferenceinfo.Picture
	apply := func(want conferenceinfo.Result, text string) {
		t.Helper()
		if got := p.Apply(parse(t, text)); got != want {
			t.Errorf("result %v, want %v", got, want)
		}
	}
	apply(conferenceinfo.Gap, document(1, "partial", ""))
	apply(conferenceinfo.Applied, full)
	first := p.Document()
	apply(conferenceinfo.Applied, document(2, "partial", `<c:users state="partial">
		<c:user entity="sip:alice@alice.test" state="partial"><c:endpoint entity="sip:alice@192.0.2.1" state="partial">
		<c:status>on-hold</c:status><c:media id="1" state="deleted"/><c:media id="2"><c:type>message</c:type></c:media></c:endpoint></c:user>
		<c:user entity="sip:bob@bob.test" state="deleted"/><c:user entity="sip:nobody@x" state="deleted"/>
		<c:user entity="sip:carol@carol.test"><c:display-text>Carol</c:display-text></c:user></c:users>`))
	d := p.Document()
	if len(d.Users) != 2 || d.Users[0].DisplayText != "Alice" || d.Users[1].Entity != "sip:carol@carol.test" || d.Description.DisplayText != "Tea" {
		t.Errorf("%+v", d)
	}
	if e := d.Users[0].Endpoints[0]; e.Status != "on-hold" || e.JoiningMethod != "dialed-in" || len(e.Media) != 1 || e.Media[0].ID != "2" {
		t.Errorf("%+v", e)
	}
	if e := first.Users[0].Endpoints[0]; e.Status != "connected" || len(first.Users) != 2 || first.Users[1].DisplayText != "Bob" || e.Media[0].ID != "1" {
		t.Errorf("the first picture has changed: %+v", first)
	}
	apply(conferenceinfo.Old, document(2, "partial", ""))
	apply(conferenceinfo.Gap, document(4, "partial", ""))
	apply(conferenceinfo.Applied, document(3, "partial", `<c:users state="partial"><c:user entity="sip:alice@alice.test"><c:display-text>A.</c:display-text></c:user></c:users>
		<c:sidebars-by-val state="deleted"/>`))
	if d := p.Document(); len(d.Users[0].Endpoints) != 0 || d.Users[0].DisplayText != "A." || d.SidebarsByVal != nil || d.SidebarsByRef == nil {
		t.Errorf("%+v", d)
	}
	apply(conferenceinfo.Applied, document(4, "partial", `<c:users state="deleted"/>`))
	if d := p.Document(); d.Users != nil {
		t.Errorf("%+v", d)
	}
	apply(conferenceinfo.Applied, document(1, "full", "")) // a new focus counts anew
	apply(conferenceinfo.Applied, document(9, "deleted", ""))
	if d := p.Document(); d.State != conferenceinfo.Deleted || d.Description != nil {
		t.Errorf("%+v", d)
	}
}

// everything is one user with all that RFC 4575 sections 5.6 to 5.8 know, written
// with a word that tells one version from another.
func everything(state, word string) string {
	execution := func(name string) string {
		return "<c:" + name + "><c:when>WORD when</c:when><c:reason>WORD why</c:reason><c:by>sip:WORD@x</c:by></c:" + name + ">"
	}
	text := `<c:user entity="sip:a@x" state="STATE"><c:display-text>WORD user</c:display-text>
		<c:associated-aors><c:entry><c:uri>sip:WORD@y</c:uri><c:display-text>WORD</c:display-text><c:purpose>WORD</c:purpose></c:entry></c:associated-aors>
		<c:roles><c:entry>WORD</c:entry></c:roles><c:languages>WORD</c:languages><c:cascaded-focus>sip:WORD@f</c:cascaded-focus>
		<c:endpoint entity="sip:a@1" state="STATE"><c:display-text>WORD phone</c:display-text>` + execution("referred") +
		`<c:status>WORD</c:status><c:joining-method>WORD</c:joining-method>` + execution("joining-info") +
		`<c:disconnection-method>WORD</c:disconnection-method>` + execution("disconnection-info") +
		`<c:media id="1" state="STATE"><c:display-text>WORD</c:display-text><c:type>WORD</c:type><c:label>WORD</c:label><c:src-id>WORD</c:src-id>
		<c:status>WORD</c:status></c:media><c:call-info><c:sip><c:display-text>WORD</c:display-text><c:call-id>WORD</c:call-id>
		<c:from-tag>WORD</c:from-tag><c:to-tag>WORD</c:to-tag></c:sip></c:call-info></c:endpoint></c:user>`
	return strings.NewReplacer("WORD", word, "STATE", state).Replace(text)
}

// Whatever is told of a user is kept, is changed by a partial element that tells
// it anew, and stays where that says nothing.
func TestMergeEverything(t *testing.T) {
	var p conferenceinfo.Picture
	host := "<c:host-info><c:display-text>H</c:display-text><c:web-page>http://h</c:web-page><c:uris><c:entry><c:uri>sip:h@h</c:uri></c:entry></c:uris></c:host-info>"
	version := 0
	apply := func(state, body string) *conferenceinfo.Document {
		version++
		if got := p.Apply(parse(t, document(version, state, body))); got != conferenceinfo.Applied {
			t.Fatalf("version %d: result %v", version, got)
		}
		return p.Document()
	}
	same := func(what string, d *conferenceinfo.Document, word string) {
		t.Helper()
		want := parse(t, document(1, "full", "<c:users>"+everything("full", word)+"</c:users>")).Users
		if !reflect.DeepEqual(d.Users, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", what, d.Users, want)
		}
		if d.State != conferenceinfo.Full || d.UsersState != conferenceinfo.Full || d.Host == nil || d.Host.WebPage != "http://h" {
			t.Errorf("%s: %+v", what, d)
		}
	}
	same("full", apply("full", host+"<c:users>"+everything("full", "one")+"</c:users>"), "one")
	same("partial", apply("partial", `<c:users state="partial">`+everything("partial", "two")+"</c:users>"), "two")
	same("nothing new", apply("partial", `<c:users state="partial"><c:user entity="sip:a@x" state="partial"><c:endpoint entity="sip:a@1" state="partial">
		<c:media id="1" state="partial"/></c:endpoint></c:user></c:users>`), "two")
	same("an empty list", apply("partial", `<c:users state="partial"/>`), "two")
	same("a full list", apply("partial", `<c:users>`+everything("partial", "three")+"</c:users>"), "three")
	apply("partial", `<c:users state="partial"><c:user entity="sip:b@x"/></c:users>`)
	same("a full list without one", apply("partial", `<c:users state="full">`+everything("full", "four")+"</c:users>"), "four")
	d := apply("partial", `<c:host-info><c:web-page>http://i</c:web-page></c:host-info><c:users state="partial"><c:user entity="sip:a@x" state="partial">
		<c:endpoint entity="sip:a@1" state="deleted"/></c:user></c:users>`)
	if d.Host.WebPage != "http://i" || d.Host.DisplayText != "" || len(d.Users) != 1 || len(d.Users[0].Endpoints) != 0 || d.Users[0].DisplayText != "four user" {
		t.Errorf("%+v", d)
	}
}

// What is hostile or broken is an error, and quickly one.
func TestHostileDocuments(t *testing.T) {
	bomb := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	for name, text := range map[string]string{
		"empty": "", "text": "Hello", "open": "<conference-info", "unbalanced": "<a><b></a>", "other root": "<a/>",
		"other namespace": `<conference-info entity="x"/>`,
		"no entity":       `<conference-info xmlns="` + conferenceinfo.Namespace + `"/>`,
		"bomb":            bomb + full[strings.Index(full, "\n"):],
		"external":        `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`,
		"entity":          document(1, "full", "&a;"),
		"deep":            document(1, "full", strings.Repeat("<a>", 5000)+strings.Repeat("</a>", 5000)),
		"wide":            document(1, "full", strings.Repeat("<a/>", 5000)),
		"large":           document(1, "full", strings.Repeat("x", 64<<10)),
		"latin":           document(1, "full", "\xe4"),
		"declared latin":  `<?xml version="1.0" encoding="iso-8859-1"?>` + document(1, "full", ""),
		"two":             document(1, "full", "") + document(1, "full", ""),
	} {
		begun := time.Now()
		if d, err := conferenceinfo.Parse([]byte(text)); err == nil {
			t.Errorf("%s: read as %+v", name, d)
		}
		if took := time.Since(begun); took > time.Second { // a few milliseconds: see BenchmarkParse; the machine may be busy
			t.Errorf("%s: took %v", name, took)
		}
	}
}

// The largest document that is read at all.
func BenchmarkParse(b *testing.B) {
	user := `<c:user entity="sip:x@d"><c:display-text>X</c:display-text></c:user>`
	text := []byte(document(1, "full", "<c:users>"+strings.Repeat(user, 900)+"</c:users>"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conferenceinfo.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add(document(2, "partial", `<c:users state="partial"><c:user entity="x" state="deleted"/></c:users>`))
	f.Fuzz(func(t *testing.T, text string) {
		var p conferenceinfo.Picture
		p.Apply(parse2(full))
		if d, err := conferenceinfo.Parse([]byte(text)); err == nil {
			p.Apply(d)
		}
	})
}

func parse2(text string) *conferenceinfo.Document {
	d, err := conferenceinfo.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return d
}

func Example() {
	var picture conferenceinfo.Picture
	doc, err := conferenceinfo.Parse([]byte(full))
	if err != nil {
		fmt.Println(err)
		return
	}
	picture.Apply(doc)
	for _, user := range picture.Document().Users {
		fmt.Println(user.DisplayText, user.Entity)
	}
	// Output:
	// Alice sip:alice@alice.test
	// Bob sip:bob@bob.test
}
