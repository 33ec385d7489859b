package scenario

// This file holds the keys of the language with what each means: the linter
// reads the names, the schema the words.

// keywords are keys and what each means.
type keywords map[string]string

var (
	topLevel = keywords{
		"callflow": "version of the format, 1; always the first key",
		"name":     "the flow in one line",
		"about":    "more about it",
		"spec":     "what the file is evidence for: rows of the API table (S45), decisions (SD24, D3), clauses (rfc3261#14.1)",
		"tags":     "free words, for --tag",
		"include":  "files with parts, relative to the folder of this file or to one above it",
		"part":     "this file is a part of that name: run: NAME plays it",
		"params":   "the parameters of a part and their defaults",
		"parties":  "who takes part: a list of names, or a map of names and party keys",
		"streams":  "named streams: {a: audio, c: {type: chat, double: true}}",
		"vars":     "constants; --var overrides them",
		"matrix":   "columns of values; every combination is a case",
		"cases":    "a table: one map of values for each case",
		"except":   "combinations that are left out",
		"network":  "network verbs in force from the start",
		"dns":      "zone lines of a DNS server that all parties ask: x.test A bob",
		"watch":    "what is judged: session (default), stream, application, all, or patterns of notification names",
		"limit":    "longest wait of a step, 120s unless said",
		"settle":   "rest after the last step, 40s unless said",
		"budget":   "a run that takes longer fails: {virtual: 120s, wall: 1s}",
		"seed":     "of all chance; from the name unless given",
		"worlds":   "the only worlds that can play this: sim, loopback, device",
		"skip":     "not played at all, for this reason",
		"steps":    "the timeline",
		"finally":  "attributes, checked after everything has come to rest",
	}
	party = keywords{
		"plays":       "what the microphone hears: 440 Hz, a list of tones, silence, or a WAV file, again and again",
		"watch":       "what is judged of this party, instead of the file's watch",
		"start":       "auto, or manual: the application is started by a step",
		"settings":    "general settings by their dotted paths",
		"account":     "its account; sip:NAME@NAME.test unless said",
		"accounts":    "several accounts by name",
		"streams":     "other behaviour under the name of a stream of the file",
		"nat":         "the router in front of it: none, full_cone, restricted, port_restricted, symmetric, blocked; host is the address outside then",
		"tls":         "its certificate (good, expired, wrong_name, self_signed, missing, a file) and whom it trusts (ca: test, none, a file)",
		"storage":     "its configuration backend",
		"devices":     "its sound devices, of which the first is the system's default: names, or {name: headset, plays: 600 Hz, open: fails, there: false}",
		"host":        "its address, the next free one unless said",
		"roams":       "true: it listens at all its addresses, and watches the host, so that it follows when it is moved",
		"scripted":    "true: no middleware, only the messages that the steps say",
		"auto":        "methods that a script answers with 200 by itself",
		"ignore":      "methods that a script never reads",
		"server":      "a good server: registrar (a proxy, too), proxy, stun, msrp_relay, xcap",
		"users":       "digest accounts of a server, passwords by name; without any it asks nobody",
		"challenge":   "the code of its challenges, 401 or 407",
		"expires":     "the longest registration that a registrar grants, in seconds",
		"min_expires": "shorter registrations are refused with 423, in seconds",
		"gruu":        "true: a registrar that gives GRUUs (RFC 5627)",
		"forks":       "branches of a proxy by user: {bob: [p1, p2]}",
		"contacts":    "what a proxy does with Contacts: kept, or source: it writes where they come from into them, for parties behind NATs",
		"answers":     "what the first requests of a method get before normal service: forward, silent, a code, {CODE: {stale, reason, headers, expires, body, after}}",
	}
	streamWords = keywords{
		"type":      "audio, chat, file-transfer or desktop-sharing",
		"double":    "a stand-in without media: true, or {initialize: OUTCOME, start: OUTCOME}; an outcome is a time, never, or {fail: TEXT, after: TIME}",
		"hold":      "whether a double supports hold; audio does",
		"file":      "the file of a file transfer: random 1MB, a file beside this one, or a map with content, name, type, size, hash",
		"direction": "direction that a double or an MSRP stream offers; of a file transfer sendonly (push, unless said) or recvonly (pull)",
		"role":      "of desktop sharing: viewer (unless said) or server",
		"program":   "of desktop sharing: a VNC program beside the application, over TCP: running, or absent",
		"codecs":    "codecs of an audio stream",
	}
	setting = keywords{
		"sip.invite_timeout":   "seconds until an unanswered call is cancelled, 90; null: never",
		"rtp.timeout":          "seconds of silence until a time-out is reported, 30; 0: never",
		"rtp.port_range":       "ports of RTP, such as 50000-50500",
		"rtp.audio_codec_list": "codecs in order of preference",
		"user_agent":           "text of User-Agent and Server",
	}
	accountWords = keywords{
		"rtp.srtp_encryption":      "disabled, optional, mandatory; unless said as the knob srtp is",
		"rtp.use_srtp_without_tls": "true: keys may go over signalling that is not encrypted",

		"id":            "address of record, such as alice@alice.test",
		"display_name":  "name in From and To",
		"contact_user":  "user part of the Contact",
		"enabled":       "false: takes no calls",
		"auth.username": "for digest authentication, the user part of the id unless said",
		"auth.password": "for digest authentication",
		"sip.register":  "whether it registers",

		"msrp.transport":        "transport of MSRP: tls or tcp; unless said tls where there is a certificate",
		"msrp.connection_model": "relay or acm; unless said relay where there is one",

		"nat_traversal.msrp_relay":                  "the MSRP relay that it uses: a party with server: msrp_relay",
		"nat_traversal.use_msrp_relay_for_outbound": "true: the relay is used for calls that it makes, too",
	}
	itemWords = keywords{
		"as":     "names the instant at which it was seen",
		"at":     "when it must have been: LABEL + TIME; a window; a list, one for each copy",
		"after":  "not earlier than this instant",
		"before": "not later than this instant",
		"times":  "how often: a number or a range; 0: not there",
		"if":     "only in cases where this holds",
		"of":     "whose it is, where the view shows several: a session, or /stream",
		"has":    "attributes of the session or stream at that moment",
	}
	groupWords = keywords{
		"any_order": "all of these, in any order; a list inside is a sequence",
		"one_of":    "one of these",
		"repeat":    "the list, as often as times says",
		"optional":  "may be there",
		"never":     "must not be where ... skips",
	}
	wireWords = keywords{
		"order":    "the messages in the order in which they left their senders",
		"only":     "judge these requests only, with their answers where asked for as 200 REFER",
		"between":  "judge this link only: A <-> B",
		"protocol": "sip unless said",
		"received": "true: in the order in which they arrived",
	}
	messageWords = keywords{
		"sdp": "the description: absent, or its lines by name", "cseq": "number of the CSeq", "call_id": "Call-ID",
		"from_tag": "tag of From", "to_tag": "tag of To", "branch": "branch of the topmost Via", "ruri": "Request-URI",
		"reason": "phrase of a response", "body": "the body as text", "sipfrag": "code or line of a sipfrag body",
		"dialog": "the dialog", "transport": "udp, tcp or tls", "method": "method, of a response that of its CSeq",
		"code": "code of a response",
	}
	msrpWords = keywords{
		"body": "the body as text", "flag": "of the end of the chunk: $ complete, + more follows, # given up", "size": "octets of the body",
		"tid": "transaction id", "reason": "comment of a response", "method": "method, of a response that of its request",
		"code": "code of a response", "transport": "tcp",
	}
	otherWords = keywords{
		"name": "DNS: the name asked for", "answers": "DNS: the records, as zone lines without the name and its lifetime",
		"mapped": "STUN: the address that the request came from", "change": "STUN: what CHANGE-REQUEST asks for: address, port, both",
		"role": "STUN: of the sender of an ICE check, controlling or controlled", "use_candidate": "STUN: the check nominates its pair",
		"username": "STUN: ice-ufrag of the receiver, a colon, that of the sender",
	}
	sdpWords = keywords{
		"lines":   "number of m-lines",
		"version": "version of the o= line",
		"origin":  "the o= line without id and version",
		"address": "address of the c= line of the session",
	}
	lineWords = keywords{
		"direction":  "sendrecv, sendonly, recvonly or inactive",
		"port":       "port of the m-line",
		"address":    "address of its c= line",
		"codecs":     "codecs by name",
		"protocol":   "such as RTP/AVP",
		"formats":    "payload types or formats",
		"media":      "media type",
		"attributes": "a= lines without a=",
		"candidates": "types of the ICE candidates, in their order",
	}
	soundWords = keywords{
		"tone":        "the one tone heard, such as 440 Hz",
		"tones":       "the list of tones heard",
		"snr":         "signal to noise, such as 30dB..",
		"longest_gap": "longest hole in the sound, such as ..20ms",
		"lost_frames": "frames of 20 ms without sound",
		"level":       "loudness relative to full scale, in dB",
		"delay":       "from mouth to ear",
		"dtmf":        "digits that came since the listening before, such as \"12#\"; \"\" for none",
	}
	sessionWords = keywords{
		"state": "state of the session", "account": "its account", "direction": "incoming or outgoing",
		"transport": "udp, tcp or tls", "start_time": "when it started, or null", "stop_time": "when it ended, or null",
		"on_hold": "held by either side", "remote_user_agent": "User-Agent of the peer", "local_identity": "our address",
		"remote_identity": "the peer's address", "streams": "active streams, or null",
		"proposed_streams": "proposed streams, or null", "conference": "its conference handler", "subject": "text of Subject",
		"replaced_session": "the session that it replaces", "transfer_handler": "its transfer: direction, state, new_session",
		"transfer_info": "where a transferred call came from", "local_focus": "we are a focus", "remote_focus": "the peer is a focus",
	}
	serverWords = keywords{
		"bindings": "contacts registered at a registrar: their number, or the list of them",
		"requests": "requests that a server has received: their number, or the list of them",
	}
	partyWords = keywords{
		"sessions": "number of active sessions, or the list of them", "running": "the application runs",
		"local_nat_type": "as STUN found it", "storage": "what is stored", "account.registered": "the account is registered",
		"account.published": "a server has a presence document of the account", "account.xcap": "it has an XCAP server", "default_account": "the default account",
		"account.mwi_active": "a server tells the account of waiting messages", "account.voicemail_uri": "where they are",

		"voice_audio_mixer":  "of calls; null before the start: input_device, output_device as asked for, real_input_device, real_output_device, sample_rate, input_volume, output_volume, muted",
		"voice_audio_bridge": "its members in the order they came: device, player",
		"voice_audio_device": "of calls: input_muted, output_muted",
		"alert_audio_mixer":  "of what rings, as voice_audio_mixer",
		"alert_audio_bridge": "its members",
		"alert_audio_device": "of what rings",
	}
	streamAttributeWords = keywords{
		"statistics": "packets in both directions: rx and tx with packets, packets_lost, …; rtt", "recording_filename": "where it is recorded to",
		"type": "type of the stream", "state": "state of the stream: NULL, INITIALIZED, STARTED (of audio ESTABLISHED), ENDED …", "index": "number of its m-line",
		"hold_supported": "can be held", "on_hold": "held by either side", "on_hold_by_local": "held by us",
		"on_hold_by_remote": "held by the peer",
		"received":          "what arrived: the texts of a chat, the number of octets of a file; identical: as it was sent", "recording": "what was recorded",
		"codec": "codec in use", "sample_rate": "of the codec, in Hz", "srtp_active": "encrypted", "ice_active": "ICE in use",
		"local_rtp_candidate_type": "host, srflx or prflx, where ICE is in use", "remote_rtp_candidate_type": "the same of the peer, or relay",
		"muted": "the peer's sound is kept from us", "recording_active": "is recorded", "direction": "direction in use",
		"local_rtp_address": "our address", "local_rtp_port": "our port", "remote_rtp_address": "the peer's address",
		"remote_rtp_port": "the peer's port", "consumer_slot": "of the mixer: what is written there is sent",
		"producer_slot": "of the mixer: what is received, null while muted", "media_type": "of the m-line of an MSRP stream",
		"transport": "tcp or tls", "local_path": "MSRP path of our description", "remote_path": "MSRP path of the peer's",
		"local_role": "our a=setup: active, passive or actpass", "remote_role": "the a=setup of the peer's offer, null for outgoing", "shutting_down": "its end is no failure",
		"local_identity": "who we are", "remote_identity": "who the peer is", "cpim_enabled": "messages are wrapped; null: not negotiated",
		"private_messages_allowed": "messages to others than the peer are allowed", "accept_types": "what we take",
		"accept_wrapped_types": "what we take wrapped in CPIM", "file_selector": "which file: name, type, size, hash",
		"transferred_bytes": "octets that are through, from the first on", "saved_as": "name of the file in its folder, null until it is whole",
		"cancelled": "whether a file transfer was given up here", "sent": "octets that a VNC program has said",
		"handler_type": "active is a viewer, passive a server",
	}
)

var (
	topLevelKeys      = names(topLevel)
	partyKeys         = names(party)
	streamKeys        = names(streamWords)
	settingKeys       = names(withSettings(setting, GeneralSettings))
	accountKeys       = names(withSettings(accountWords, AccountSettings))
	itemKeys          = names(itemWords)
	groupKinds        = names(groupWords)
	wireKeys          = names(wireWords)
	messageFields     = names(messageWords)
	sdpFields         = names(sdpWords)
	lineFields        = names(lineWords)
	soundKeys         = names(soundWords)
	sessionAttributes = names(sessionWords)
	serverAttributes  = names(serverWords)
	partyAttributes   = names(partyWords)
	streamAttributes  = names(streamAttributeWords)

	streamTypes = []string{"audio", "chat", "file-transfer", "desktop-sharing"}
	worlds      = []string{"sim", "loopback", "device"}
	methods     = []string{"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "PRACK", "UPDATE", "REFER", "NOTIFY", "SUBSCRIBE",
		"MESSAGE", "INFO", "REGISTER", "PUBLISH"}
	protocols     = []string{"sip", "msrp", "stun", "dns"}
	directions    = []string{"sendrecv", "sendonly", "recvonly", "inactive"}
	errorWords    = []string{"illegal_state", "illegal_direction", "argument", "already_used", "any"}
	sessionStates = []string{"null", "outgoing", "incoming", "accepting", "connected", "sending_proposal",
		"received_proposal", "accepting_proposal", "rejecting_proposal", "cancelling_proposal", "terminating", "terminated"}
	streamStates = []string{"NULL", "INITIALIZING", "INITIALIZED", "STARTING", "STARTED", "WAIT_ICE", "ESTABLISHED", "FAILED", "ENDED"}
)
