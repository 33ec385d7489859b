package configuration_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
)

// The trees of application.md 4.5 to 4.7, with their defaults.
const (
	generalTree = `
default_account bonjour@local
user_agent sipsimple 0.1
instance_id
audio.input_device system_default
audio.output_device system_default
audio.alert_device system_default
audio.tail_length 100
audio.sample_rate 44100
audio.silent false
logs.pjsip_level 5
rtp.port_range 50000-50500
rtp.timeout 30
rtp.audio_codec_list [G722 speex PCMU PCMA]
sip.invite_timeout 90
sip.udp_port 0
sip.tcp_port 0
sip.tls_port 0
sip.transport_list [tls tcp udp]
tls.ca_list <nil>
tls.protocol TLSv1
tls.timeout 3000
`
	accountTree = `
enabled false
display_name <nil>
auth.username <nil>
auth.password
sip.always_use_my_proxy false
sip.outbound_proxy <nil>
sip.register true
sip.register_interval 3600
sip.subscribe_interval 3600
sip.publish_interval 3600
rtp.audio_codec_list <nil>
rtp.srtp_encryption disabled
rtp.use_srtp_without_tls false
dialog_event.enabled false
nat_traversal.use_ice false
nat_traversal.stun_server_list <nil>
nat_traversal.msrp_relay <nil>
nat_traversal.use_msrp_relay_for_outbound false
message_summary.enabled false
message_summary.voicemail_uri <nil>
msrp.transport tls
msrp.connection_model relay
presence.enabled false
presence.use_rls false
xcap.enabled false
xcap.discovered false
xcap.xcap_root <nil>
tls.certificate <nil>
tls.verify_server true
`
	bonjourTree = `
enabled true
display_name Alice Example
rtp.audio_codec_list <nil>
rtp.srtp_encryption disabled
rtp.use_srtp_without_tls false
msrp.transport tcp
tls.certificate <nil>
tls.verify_server true
`
)

func listed(o *configuration.Object) string {
	var b strings.Builder
	for _, v := range o.Values() {
		b.WriteString("\n" + strings.TrimRight(fmt.Sprintf("%s %v", v.Path, v.Value), " "))
		if !v.Default {
			b.WriteString(" (stored)")
		}
	}
	return b.String() + "\n"
}

func TestPathsAndDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		general := l.general()
		account := l.account("alice@example.org")
		bonjour, err := configuration.NewBonjour(l.manager, configuration.BonjourConfig{Available: true, UserName: "Alice Example"})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			o    *configuration.Object
			want string
		}{{general.Object, generalTree}, {account.Object, accountTree}, {bonjour.Object, bonjourTree}} {
			if got := listed(c.o); got != c.want {
				t.Errorf("%v:%swant%s", c.o, got, c.want)
			}
		}
	})
}

// values are what each setting accepts and what it does not, as stored; "->"
// gives the form in which an accepted value comes back.
var values = map[string]string{
	"default_account":    `yes: "" "x" null`,
	"user_agent":         `yes: "" "x" no: null [x]`,
	"audio.input_device": `yes: "USB" null`,
	"audio.tail_length":  `yes: "0" "2147483647" "007"->"7" no: "-1" "2147483648" "1.5" "" "x" null [1]`,
	"audio.sample_rate":  `yes: "16000" "32000" "44100" "48000" no: "8000" "44101" "" null`,
	"audio.silent":       `yes: "true" "YES"->"true" "on"->"true" "1"->"true" "False"->"false" "no"->"false" "Off"->"false" "0"->"false" no: "2" "" null`,
	"logs.pjsip_level":   `yes: "0" "5" no: "6" "-1"`,
	"rtp.port_range":     `yes: "1-65535" "5-5" "5..9" -> "5-9" no: "0-5" "5-65536" "5..9-10" "5..." "6-5" "5" "" "5-" "a-b" null`,
	"rtp.audio_codec_list": `yes: [] [PCMA,G722] [opus,GSM,iLBC,speex] "PCMA, PCMU"->[PCMA,PCMU] "PCMA,"->[PCMA] ""->[] ` +
		`no: [g722] [PCMU,PCMU] [x] null`,
	"sip.invite_timeout": `yes: "0" "90" null no: "-1" "x"`,
	"sip.udp_port":       `yes: "0" "65535" no: "65536" "-1" "" null`,
	"sip.transport_list": `yes: [] [udp] [udp,tcp,tls] no: [ws] [udp,udp] null`,
	"tls.ca_list":        `yes: null "/a/../b"->"/b" "~/x" "a//b"->"a/b" no: ""`,
	"tls.protocol":       `yes: "TLSv1" no: "SSLv3" "TLSv1.2" null`,

	"auth.password":                  `yes: "" "x y" no: null [x]`,
	"sip.outbound_proxy":             `yes: null "p"->"p:5060;transport=udp" "p:1"->"p:1;transport=udp" "p;transport=tls"->"p:5061;transport=tls" "p:5;transport=TCP"->"p:5;transport=tcp" "[2001:db8::1]:7"->"[2001:db8::1]:7;transport=udp" "192.0.2.1"->"192.0.2.1:5060;transport=udp" no: "" "p:0" "p:65536" "p:x" "p;transport=ws" "p;x=y" "a b" "256.1.1.1" "1.2.3" "-a" "a..b" "2001:db8::1" "sip:p"`,
	"rtp.srtp_encryption":            `yes: "disabled" "optional" "mandatory" no: "x" null`,
	"nat_traversal.stun_server_list": `yes: null [] [s]->["s:3478"] ["s:1",t]->["s:1","t:3478"] no: ["s:0"] [""]`,
	"nat_traversal.msrp_relay":       `yes: null "r"->"r:2855;transport=tls" "r;transport=tcp"->"r:2855;transport=tcp" no: "r;transport=udp" ""`,
	"message_summary.voicemail_uri":  `yes: null "vm@example.org" "a@b@c.org"->"a%40b@c.org" "sip:vm@example.org"->"vm@example.org" "a@[2001:db8::1]" "a@1.2.3.4" no: "vm" "@x" "a@" "a b@c" "a@b c" "a@1.2.3.400" "a:b@c"`,
	"msrp.transport":                 `yes: "tls" "tcp" no: "udp" null`,
	"msrp.connection_model":          `yes: "relay" "acm" no: "x"`,
	"xcap.xcap_root":                 `yes: null "http://x/root" "https://x.example.org:81/root/" no: "ftp://x/" "x" "http://" "http://x/a?b" "http://x/a#b" "http://x/a;b" "http://u:p@x/" ""`,
}

func TestWhatSettingsAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, nil)
		objects := []*configuration.Object{l.general().Object, l.account("alice@example.org").Object}
		for path, text := range values {
			o := objects[0]
			if !strings.Contains(generalTree, "\n"+path+" ") {
				o = objects[1]
			}
			tokens := tokens(t, text)
			accepted := true
			for i := 0; i < len(tokens); i++ {
				switch tok := tokens[i]; tok {
				case "yes:", "no:":
					accepted = tok == "yes:"
					continue
				}
				name := fmt.Sprintf("%s = %s", path, tokens[i])
				given, want := literal(tokens[i]), literal(tokens[i])
				if i+2 < len(tokens) && tokens[i+1] == "->" {
					want = literal(tokens[i+2])
					i += 2
				}
				err := o.Update(set(path, given))
				if (err == nil) != accepted {
					t.Errorf("%s gives %v", name, err)
				}
				if value, isValue := err.(interface{ Unwrap() []error }); isValue && !strings.Contains(value.Unwrap()[0].Error(), path+": found ") {
					t.Errorf("%s: the error does not name the setting: %v", name, err)
				}
				if accepted && err == nil {
					if got, _ := l.manager.Get(append(o.Path(), strings.Split(path, ".")...)...); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
						t.Errorf("%s is stored as %q, want %q", name, got, want)
					}
				}
			}
		}
		synctest.Wait()
	})
}

// tokens splits a line of values.
func tokens(t *testing.T, text string) []string {
	var all []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		end := strings.IndexAny(text, " ")
		switch {
		case strings.HasPrefix(text, "->"):
			end = 2
		case text[0] == '"':
			end = 2 + strings.IndexByte(text[1:], '"')
		case text[0] == '[' && strings.HasPrefix(text, "[]"):
			end = 2
		case text[0] == '[':
			end = 1 + strings.IndexByte(text, ']')
			for strings.Count(text[:end], `"`)%2 != 0 {
				end += 1 + strings.IndexByte(text[end:], ']')
			}
		case end < 0:
			end = len(text)
		}
		all = append(all, text[:end])
		text = text[end:]
	}
	return all
}

func literal(token string) any {
	if token == "null" {
		return nil
	}
	if inner, ok := strings.CutPrefix(token, "["); ok {
		inner = strings.TrimSuffix(inner, "]")
		list := []string{}
		if inner == "" {
			return list
		}
		for item := range strings.SplitSeq(inner, ",") {
			list = append(list, strings.Trim(item, `"`))
		}
		return list
	}
	return strings.Trim(token, `"`)
}

func TestTCPAndTLSPortDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newLab(t, nil).general()
		ports := func(tcp, tls configuration.Port) error {
			return g.Update(func(d *configuration.Draft) error {
				g.SIP.TCPPort.Set(d, tcp)
				g.SIP.TLSPort.Set(d, tls)
				return nil
			})
		}
		for _, err := range []error{ports(5060, 5061), ports(0, 0), ports(5062, 0)} {
			if err != nil {
				t.Error(err)
			}
		}
		for _, err := range []error{ports(5060, 5060), g.Update(set("sip.tls_port", "5062"))} {
			if err == nil || !strings.Contains(err.Error(), "SIPSimpleSettings.sip.tls_port: found \"506") {
				t.Errorf("the same port gives %v", err)
			}
		}
		if g.SIP.TLSPort.Get() != 0 || g.SIP.TCPPort.Get() != 5062 {
			t.Error("a refused update left something behind")
		}
	})
}
