package script

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/conformance/match"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// tryMSRP plays a step about the MSRP of an m-line, as [Party.Try].
func (p *Party) tryMSRP(step *scenario.Script, params params, env match.Env, names []string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, err := p.meant(step.Dialog)
	if err != nil {
		return false, err
	}
	l, err := p.lineNamed(d, step.Stream)
	if err != nil {
		return false, err
	}
	if step.Name == "receive" {
		return l.receive(step, env, names)
	}
	if l.conn == nil {
		if l.port == 0 {
			err = l.connect()
		}
		return false, err // until the connection is there
	}
	c := l.conn
	switch step.Name {
	case "connect":
	case "close":
		c.put(nil)
	case "reset":
		socket := socketOf(c.conn)
		if hard, ok := socket.(interface{ SetLinger(int) error }); ok {
			_ = hard.SetLinger(0)
		}
		_ = socket.Close()
	case "pause":
		if c.paused == nil {
			c.paused = make(chan struct{})
			_ = c.conn.SetReadDeadline(time.Now())
		}
	case "resume":
		if c.paused != nil {
			close(c.paused)
			c.paused = nil
		}
	case "send":
		data, err := p.cfg.ReadFile(step.Arg)
		if err != nil {
			return false, err
		}
		c.put(l.filled(data))
	case "request":
		c.request(step.Arg, params)
	case "respond":
		err = l.respond(step.Arg, params)
	default:
		err = fmt.Errorf("%s is no step about MSRP", step.Name)
	}
	return err == nil, err
}

// socketOf is what is below TLS.
func socketOf(conn net.Conn) net.Conn {
	for {
		over, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return conn
		}
		conn = over.NetConn()
	}
}

// filled writes the paths into the octets of a file: TO-PATH and FROM-PATH stand
// for them.
func (l *msrpLine) filled(data []byte) []byte {
	m := &l.dialog.media
	return []byte(strings.NewReplacer("TO-PATH", l.path(m.received), "FROM-PATH", l.path(m.sent)).Replace(string(data)))
}

// receive takes the first message that has come, if it fits.
func (l *msrpLine) receive(step *scenario.Script, env match.Env, names []string) (bool, error) {
	if len(l.unread) == 0 {
		return false, l.err
	}
	r := l.unread[0]
	if !match.Matches(step.Receive, r.event(), env) {
		return false, l.party.mismatch(step.Receive, r, env)
	}
	l.unread = l.unread[1:]
	r.labels = append(r.labels, names...)
	return true, nil
}

// request sends a request.
func (c *msrpConn) request(method string, params params) {
	l := c.line
	p, media := l.party, &l.dialog.media
	m := msrp.Message{
		TransactionID: orElse(params.text("tid"), p.token()), Method: method,
		ToPath: l.path(media.received), FromPath: l.path(media.sent), Flag: flagOf(params),
	}
	body, hasBody := params["body"].(string)
	if size, err := strconv.Atoi(params.text("size")); err == nil && body != "" {
		body = strings.Repeat(body, size/len(body)+1)[:size]
	}
	if hasBody {
		m.Body = []byte(body)
	}
	switch method {
	case "SEND":
		m.Fields = []msrp.Field{{Name: "Message-ID", Value: p.token()}, {Name: "Byte-Range", Value: fmt.Sprintf("1-%d/%d", len(body), len(body))}}
		if hasBody {
			m.Fields = append(m.Fields, msrp.Field{Name: "Content-Type", Value: orElse(params.text("type"), "text/plain")})
		}
	case "REPORT":
		m.Fields = []msrp.Field{{Name: "Message-ID", Value: l.lastHeader("Message-ID")}, {Name: "Byte-Range", Value: l.lastHeader("Byte-Range")},
			{Name: "Status", Value: "000 200 OK"}}
	}
	replaceHeaders(&m, params)
	c.sent[m.TransactionID] = method
	c.put(m.Append(nil))
}

func (l *msrpLine) lastHeader(name string) string {
	if l.last == nil {
		return ""
	}
	text, _ := l.last.Fields[name].(string)
	return text
}

// replaceHeaders puts the headers of the step in the place of those that are
// there, adds others before Content-Type, and leaves out what is absent.
func replaceHeaders(m *msrp.Message, params params) {
	headers, _ := params["headers"].(map[string]string)
	for _, name := range sortedKeys(headers) {
		value := headers[name]
		switch name {
		case "To-Path":
			m.ToPath = value
			continue
		case "From-Path":
			m.FromPath = value
			continue
		}
		i := slices.IndexFunc(m.Fields, func(f msrp.Field) bool { return strings.EqualFold(f.Name, name) })
		switch {
		case value == "absent" && i >= 0:
			m.Fields = slices.Delete(m.Fields, i, i+1)
		case i >= 0:
			m.Fields[i].Value = value
		default:
			at := len(m.Fields)
			if at > 0 && m.Fields[at-1].Name == "Content-Type" {
				at--
			}
			m.Fields = slices.Insert(m.Fields, at, msrp.Field{Name: name, Value: value})
		}
	}
}

func flagOf(params params) msrp.Continuation {
	if text := params.text("flag"); text != "" {
		return msrp.Continuation(text[0])
	}
	return msrp.Complete
}

// respond answers a request: the last one without an answer, or the one with a
// label.
func (l *msrpLine) respond(arg string, params params) error {
	code, err := strconv.Atoi(arg)
	if err != nil {
		return fmt.Errorf("respond: %s is no code", arg)
	}
	to := params.text("to")
	for i, r := range slices.Backward(l.open) {
		if to == "" || slices.Contains(r.labels, to) || r.Fields["method"] == to {
			l.open = slices.Delete(l.open, i, i+1)
			headers, _ := params["headers"].(map[string]string)
			l.conn.answer(r, code, params.optional("reason"), headers)
			return nil
		}
	}
	return fmt.Errorf("respond: there is no request without an answer")
}

// answer writes a response (RFC 4975 section 7.2).
func (c *msrpConn) answer(r *Received, code int, reason *string, headers map[string]string) {
	first := func(name string) string {
		text, _ := r.Fields[name].(string)
		text, _, _ = strings.Cut(text, " ")
		return text
	}
	m := msrp.Message{
		TransactionID: fmt.Sprint(r.Fields["tid"]), Code: code, Comment: msrp.Comment(code),
		ToPath: first("From-Path"), FromPath: first("To-Path"),
	}
	if reason != nil {
		m.Comment = *reason
	}
	replaceHeaders(&m, params{"headers": headers})
	c.put(m.Append(nil))
}
