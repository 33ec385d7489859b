package daemon

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// kamailioTLS is the file of the module tls. Certificates of others are their
// own affair: what is tested is what they think of Kamailio's.
const kamailioTLS = `[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
private_key = ./key.pem
certificate = ./cert.pem
[client:default]
method = TLSv1.2+
verify_certificate = no
private_key = ./key.pem
certificate = ./cert.pem
`

// kamailioHead is the same for every configuration: nothing of the machine but
// the addresses it listens on, no DNS, no disk.
const kamailioHead = `#!KAMAILIO
debug=0
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
rev_dns=no
use_dns_cache=no
dns_try_ipv6=no
use_dst_blocklist=no
server_signature=no
`

const kamailioModules = `
loadmodule "jsonrpcs.so"
loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "textops.so"
loadmodule "textopsx.so"
loadmodule "siputils.so"
loadmodule "sanity.so"
loadmodule "xlog.so"
loadmodule "htable.so"
loadmodule "auth.so"

modparam("jsonrpcs", "dgram_socket", "./rpc.sock")
modparam("tm", "auto_inv_100", 0)        # a 100 says nothing to a flow of calls, and may come or not
modparam("tm", "remap_503_500", 1)
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 1)
modparam("registrar", "use_path", 0)
modparam("registrar", "max_contacts", 64)
modparam("rr", "enable_full_lr", 1)
modparam("auth", "algorithm", "SHA-256")
modparam("auth", "qop", "auth")
modparam("htable", "htable", "users=>size=4;")
modparam("htable", "htable", "seen=>size=4;")
`

const kamailioRoutes = `
event_route[core:worker-one-init] { xlog("L_ALERT", "callflow: ready\n"); }

request_route {
	if (!mf_process_maxfwd_header("70")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if (is_method("CANCEL")) {
		if (t_check_trans()) t_relay();
		exit;
	}
	if (has_totag()) {
		if (loose_route() || is_gruu()) { if (is_gruu()) lookup("location"); t_on_branch("NEXT"); t_relay(); exit; }
		if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
		sl_send_reply("481", "Call/Transaction Does Not Exist");
		exit;
	}
	if (is_method("ACK")) { t_check_trans(); exit; }
	if (!t_newtran()) exit;                  # what comes again gets the same answer again, even if that is a challenge
	route(AUTH);
	if (is_method("REGISTER")) route(REGISTER);
	remove_hf("Route");
	record_route();
	route(TARGETS);
	t_on_branch("NEXT");
	if (!t_relay()) sl_reply_error();
	exit;
}
`

// text is the configuration file.
func (cfg KamailioConfig) text() (string, error) {
	var b strings.Builder
	b.WriteString(kamailioHead)
	for _, l := range []struct {
		transport string
		at        netip.AddrPort
	}{{"udp", cfg.UDP}, {"tcp", cfg.TCP}, {"tls", cfg.TLS}} {
		if l.at.IsValid() {
			fmt.Fprintf(&b, "listen=%s:%v\n", l.transport, l.at)
		}
	}
	if cfg.TCP.IsValid() || cfg.TLS.IsValid() {
		fmt.Fprintf(&b, "tcp_source_ipv4=%v\n", cfg.UDP.Addr()) // otherwise what the kernel likes: 127.0.0.1
	} else {
		b.WriteString("disable_tcp=yes\n")
	}
	if cfg.TLS.IsValid() {
		b.WriteString("enable_tls=yes\n")
	}
	b.WriteString(kamailioModules)
	expires := cfg.Expires
	if expires == 0 {
		expires = time.Hour
	}
	fmt.Fprintf(&b, "modparam(\"registrar\", \"max_expires\", %d)\n", int(expires.Seconds()))
	fmt.Fprintf(&b, "modparam(\"registrar\", \"default_expires\", %d)\n", int(expires.Seconds()))
	gruu := 0
	if cfg.GRUU {
		gruu = 1
	}
	fmt.Fprintf(&b, "modparam(\"registrar\", \"gruu_enabled\", %d)\n", gruu)
	if cfg.TLS.IsValid() {
		b.WriteString("loadmodule \"tls.so\"\nmodparam(\"tls\", \"config\", \"./tls.cfg\")\n")
	}
	b.WriteString(kamailioRoutes)
	for _, route := range []func(KamailioConfig, *kamailioText){
		KamailioConfig.users, KamailioConfig.auth, KamailioConfig.register, KamailioConfig.targets, KamailioConfig.next,
	} {
		t := &kamailioText{}
		route(cfg, t)
		if t.err != nil {
			return "", fmt.Errorf("kamailio: %w", t.err)
		}
		b.WriteString(t.String())
	}
	return b.String(), nil
}

// kamailioText is a part of a configuration.
type kamailioText struct {
	strings.Builder
	err error
}

func (t *kamailioText) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

// quoted is a text as a string of the configuration. What would end the string,
// or be read as a variable, is refused.
func (t *kamailioText) quoted(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || strings.ContainsRune(`"\$`, r) }) {
		t.err = fmt.Errorf("%q cannot stand in its configuration", text)
	}
	return `"` + text + `"`
}

// any is a condition: a variable is one of the texts.
func (t *kamailioText) any(variable string, texts []string) string {
	var list []string
	for _, text := range texts {
		list = append(list, variable+" == "+t.quoted(text))
	}
	return strings.Join(list, " || ")
}

// users fills the table of passwords.
func (cfg KamailioConfig) users(t *kamailioText) {
	t.line("event_route[htable:mod-init] {")
	for _, user := range sorted(cfg.Users) {
		t.line("\t$sht(users=>%s) = %s;", strings.Trim(t.quoted(user), `"`), t.quoted(cfg.Users[user]))
	}
	t.line("\t$sht(seen=>%s) = 1;\n}", cfg.Name+".test")
}

// auth asks who it is: at every REGISTER, and outside of dialogs those whose
// From is one of the users.
func (cfg KamailioConfig) auth(t *kamailioText) {
	t.line("route[AUTH] {")
	if len(cfg.Users) > 0 {
		realm := t.quoted(cfg.Name + ".test")
		ask := func(code int) string {
			kind := "www"
			if code == 407 {
				kind = "proxy"
			}
			return fmt.Sprintf("if ($sht(users=>$au) == $null || !pv_%s_authenticate(%s, \"$sht(users=>$au)\", \"0\")) { %s_challenge(%s, \"1\"); exit; }",
				kind, realm, kind, realm)
		}
		first, second := cfg.Challenge, cfg.Challenge
		if cfg.Challenge == 0 {
			first, second = 401, 407
		}
		t.line("\tif (is_method(\"REGISTER\")) {\n\t\t%s", ask(first))
		t.line("\t\tif ($au != $tU) { sl_send_reply(\"403\", \"Forbidden\"); exit; }")
		t.line("\t} else if ($sht(users=>$fU) != $null) {\n\t\t%s\n\t\tconsume_credentials();\n\t}", ask(second))
	}
	t.line("\treturn;\n}")
}

// register is the registrar. Kamailio makes a registration that is too short
// longer, and a script refuses it.
func (cfg KamailioConfig) register(t *kamailioText) {
	t.line("route[REGISTER] {")
	if !cfg.Registrar {
		t.line("\tsl_send_reply(\"405\", \"Method Not Allowed\"); exit;\n}")
		return
	}
	if least := int(cfg.MinExpires.Seconds()); least > 0 {
		t.line("\tif ($hdr(Expires) != $null && $(hdr(Expires){s.int}) > 0 && $(hdr(Expires){s.int}) < %d) {", least)
		t.line("\t\tappend_to_reply(\"Min-Expires: %d\\r\\n\"); sl_send_reply(\"423\", \"Interval Too Brief\"); exit;\n\t}", least)
	}
	t.line("\t$sht(seen=>$td) = 1; $sht(seen=>$tU@$td) = 1;")
	t.line("\tif (!save(\"location\")) sl_reply_error();\n\texit;\n}")
}

// targets finds the branches of a request: what the configuration says, what is
// registered, nobody in a domain that is ours, or else the Request-URI.
func (cfg KamailioConfig) targets(t *kamailioText) {
	t.line("route[TARGETS] {")
	for _, user := range sorted(cfg.Forks) {
		t.line("\tif ($rU == %s) {", t.quoted(user))
		for i, uri := range cfg.Forks[user] {
			if i == 0 {
				t.line("\t\t$ru = %s;", t.quoted(uri))
			} else {
				t.line("\t\tappend_branch(%s);", t.quoted(uri))
			}
		}
		t.line("\t\treturn;\n\t}")
	}
	if cfg.Registrar {
		t.line("\tif (lookup(\"location\")) return;")
	}
	t.line("\tif ($sht(seen=>$rd) != $null) {")
	t.line("\t\tif ($sht(users=>$rU) != $null || $sht(seen=>$rU@$rd) != $null) sl_send_reply(\"480\", \"Temporarily Unavailable\");")
	t.line("\t\telse sl_send_reply(\"404\", \"Not Found\");\n\t\texit;\n\t}\n\treturn;\n}")
}

// next is where a branch goes when its URI has a host of ours without a port.
// Names are called over the transport that the request came by, as no NAPTR
// records say otherwise.
func (cfg KamailioConfig) next(t *kamailioText) {
	t.line("branch_route[NEXT] {\n\tif ($du != $null) return;")
	t.line("\t$var(by) = $(ru{uri.transport}{s.tolower});\n\tif ($var(by) == \"\") $var(by) = $(proto{s.tolower});")
	for _, h := range cfg.Hosts {
		t.line("\tif ((%s) && $(ru{uri.port}{s.int}) == 0) {", t.any("$rd", h.Names))
		for _, transport := range sorted(h.At) {
			t.line("\t\tif ($var(by) == %q) $du = \"sip:%v;transport=%s\";", transport, h.At[transport], transport)
		}
		t.line("\t}")
	}
	t.line("}")
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
