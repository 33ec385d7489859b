package play

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// msrpSettings are those of the default account.
func (p *party) msrpSettings(cfg *streams.MSRPSettings) error {
	settings := p.def.Account
	if names := sortedKeys(p.def.Accounts); len(names) > 0 {
		settings = p.def.Accounts[names[0]]
	}
	cfg.Transport = settings["msrp.transport"]
	cfg.Model = streams.ConnectionModel(settings["msrp.connection_model"])
	cfg.RelayForOutbound = settings["nat_traversal.use_msrp_relay_for_outbound"] == "true"
	name := settings["nat_traversal.msrp_relay"]
	if name == "" {
		return nil
	}
	addr, err := p.world.resolve(name)
	if err != nil {
		return fmt.Errorf("nat_traversal.msrp_relay: %w", err)
	}
	cfg.Relay = &msrp.Relay{Host: addr.Addr().String(), Port: int(addr.Port())}
	return nil
}

// In a storage settings have the defaults of the middleware; those of an
// application without one are simpler to live with, so they are written down.

// msrpTransport is tls where there is a certificate.
func msrpTransport(cfg *tls.Config) string {
	if cfg != nil && len(cfg.Certificates) > 0 {
		return "tls"
	}
	return "tcp"
}

// msrpModel is relay where there is one.
func (p *party) msrpModel(settings scenario.Settings) string {
	if settings["nat_traversal.msrp_relay"] != "" {
		return string(streams.ModelRelay)
	}
	return string(streams.ModelACM)
}

// relaySetting is the address of a party that is a relay; any other text is one
// already.
func (w *world) relaySetting(text string) any {
	p := w.party(text)
	if p == nil {
		return scenario.StoredSetting("", text)
	}
	transport := "tcp"
	if w.usesTLS() {
		transport = "tls"
	}
	return fmt.Sprintf("%s:%d;transport=%s", p.address(), msrp.DefaultPort, transport)
}

// makeReal makes a stream to offer, as the file defines it; def may be nil.
func (p *party) makeReal(factory streams.Factory, env *streams.Environment, def *scenario.StreamDef) (streams.MediaStream, error) {
	if def != nil && def.Type == streams.DesktopSharingType {
		return p.makeDesktop(env, def)
	}
	made, err := factory.New(env)
	if err != nil || def == nil {
		return made, err
	}
	direction, _ := sdp.NewDirection(def.Direction)
	switch s := made.(type) {
	case *streams.ChatStream:
		if def.Direction != "" {
			err = s.SetDirection(direction)
		}
	case *streams.FileTransferStream:
		if def.Direction != "" {
			err = s.SetDirection(direction)
		}
		if err == nil {
			err = p.chooseFile(s, def)
		}
	}
	return made, err
}

// makeDesktop makes a viewer or a server, within the application or beside it.
func (p *party) makeDesktop(env *streams.Environment, def *scenario.StreamDef) (streams.MediaStream, error) {
	var handler streams.DesktopSharingHandler
	var err error
	switch {
	case def.Program != "" && def.Role == "server":
		handler, err = p.vncHandler(env, def, "passive")
	case def.Program != "":
		handler, err = p.vncHandler(env, def, "active")
	case def.Role == "server":
		handler = streams.NewInternalVNCServerHandler(env)
	default:
		handler = streams.NewInternalVNCViewerHandler(env)
	}
	if err != nil {
		return nil, err
	}
	return streams.NewDesktopSharingStream(env, handler)
}

// makeOffered makes the stream of an m-line that the peer offers.
func (p *party) makeOffered(factory streams.Factory, env *streams.Environment, remote *sdp.SessionDescription, index int, def *scenario.StreamDef) (streams.MediaStream, error) {
	made, err := factory.NewFromSDP(env, remote, index)
	if err != nil {
		return nil, err
	}
	switch s := made.(type) {
	case *streams.FileTransferStream:
		return s, p.chooseFile(s, def)
	case *streams.DesktopSharingStream:
		if def != nil && def.Program != "" {
			handler, err := p.vncHandler(env, def, s.Handler().Type())
			if err != nil {
				return nil, err
			}
			return s, s.SetHandler(handler)
		}
	}
	return made, nil
}

// chooseFile gives a file transfer the file that it sends, or takes what comes.
func (p *party) chooseFile(s *streams.FileTransferStream, def *scenario.StreamDef) error {
	direction, _ := s.Attribute("direction")
	var file *scenario.File
	if def != nil {
		file = def.File
	}
	if direction == "recvonly" {
		into := &sink{}
		if def != nil {
			into.want = p.world.sentTo(p, def.Name)
		}
		s.SaveTo(into)
		p.mu.Lock()
		p.sinks[s] = into
		p.mu.Unlock()
		if file != nil && s.State() == streams.MSRPNull && s.FileSelector().Name == "" {
			return s.SetFileSelector(streams.FileSelector{Name: fileName(def), Size: streams.NoSize})
		}
		return nil
	}
	if file == nil {
		return nil // it fails to initialise
	}
	content := p.world.content(def)
	selector := streams.FileSelector{Name: fileName(def), Type: file.Type, Size: content.size, Content: content}
	switch file.Announce {
	case "":
	case "none":
		selector.Size = streams.NoSize
	default:
		selector.Size, _ = strconv.ParseInt(file.Announce, 10, 64)
	}
	switch file.Hash {
	case "", "good":
		selector.Hash = content.hash()
	case "wrong":
		selector.Hash = (&source{data: []byte("something else"), size: 14}).hash()
	case "none":
	default:
		selector.Hash = file.Hash
	}
	return s.SetFileSelector(selector)
}

func fileName(def *scenario.StreamDef) string {
	if def.File.Name != "" {
		return def.File.Name
	}
	return def.Name + ".bin"
}

// content is what the file of a stream holds, the same for everybody.
func (w *world) content(def *scenario.StreamDef) *source {
	if def.File.Random {
		return randomSource(w.seedFor("file "+def.Name), def.File.Size)
	}
	data := w.c.Files[def.File.Path]
	return &source{data: data, size: int64(len(data))}
}

// sentTo is the file that another party sends to p by a stream of that name, nil
// if none does.
func (w *world) sentTo(p *party, name string) *source {
	for _, other := range w.parties {
		if def := other.def.Streams[name]; other != p && def != nil && def.File != nil {
			return w.content(def)
		}
	}
	if def := w.c.Streams[name]; def != nil && def.File != nil {
		return w.content(def)
	}
	return nil
}

// performOnMSRP makes a call on a chat, file transfer or desktop sharing stream;
// ok is false if it is none.
func (p *party) performOnMSRP(st *stream, v *scenario.Call) (ok bool, err error) {
	switch s := st.stream.(type) {
	case *streams.ChatStream:
		switch v.Name {
		case "send":
			return true, p.sendChat(st, s, v)
		case "composing":
			refresh, _ := strconv.Atoi(fmt.Sprint(v.Params["refresh"]))
			_, err = s.SendComposingIndication(fmt.Sprint(v.Arg), refresh, time.Time{}, nil)
			return true, err
		}
	case *streams.FileTransferStream:
		switch v.Name {
		case "save":
			return true, p.save(s, v)
		case "cancel":
			s.Cancel()
			return true, nil
		}
	case *streams.DesktopSharingStream:
		g := p.programOf(st)
		switch {
		case g != nil && v.Name == "send":
			st.noteSent(textToSend(v))
			return true, g.perform(v)
		case v.Name == "pause", v.Name == "resume", v.Name == "quit":
			if g == nil {
				return true, errNoVNC
			}
			return true, g.perform(v)
		case v.Name == "send":
			text := textToSend(v)
			handler, can := s.Handler().(interface {
				Send(ctx context.Context, data []byte) error
			})
			if !can {
				return true, errors.New("the program at the other side of the handler sends")
			}
			st.noteSent(text)
			return true, handler.Send(context.Background(), []byte(text))
		}
	}
	return false, nil
}

// textToSend is the text, repeated up to the size that is asked for.
func textToSend(v *scenario.Call) string {
	text := fmt.Sprint(v.Arg)
	if size, ok := v.Params["size"].(int); ok && text != "" {
		text = strings.Repeat(text, size/len(text)+1)[:size]
	}
	return text
}

func (p *party) sendChat(st *stream, s *streams.ChatStream, v *scenario.Call) error {
	options := &streams.ChatOptions{}
	options.ContentType, _ = v.Params["type"].(string)
	options.Subject, _ = v.Params["subject"].(string)
	if to, ok := v.Params["to"].(string); ok {
		options.Recipients = []cpim.Identity{{URI: to}}
	}
	text := textToSend(v)
	_, err := s.SendMessage([]byte(text), options)
	if err == nil {
		st.noteSent(text)
	}
	return err
}

// save has an incoming file saved in a folder of the run.
func (p *party) save(s *streams.FileTransferStream, v *scenario.Call) error {
	name, _ := v.Arg.(string)
	folder, err := p.world.folder(p.def.Name + "/" + name)
	if err != nil {
		return err
	}
	s.SaveTo(nil)
	s.SaveIn(folder)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.folders[s] = folder
	return nil
}

// folder is a folder of the run, made when it is new. It goes with the run.
func (w *world) folder(name string) (string, error) {
	if path := w.folders[name]; path != "" {
		return path, nil
	}
	path, err := os.MkdirTemp("", "callflow-")
	if err == nil {
		if w.folders == nil {
			w.folders = map[string]string{}
		}
		w.folders[name] = path
	}
	return path, err
}

func (w *world) removeFolders() {
	for _, path := range w.folders {
		_ = os.RemoveAll(path)
	}
}

// noteSent and noteGot remember the texts of a chat, or the octets of desktop
// sharing.
func (s *stream) noteSent(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, text)
}

func (s *stream) noteGot(data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch data := data.(type) {
	case streams.ChatStreamGotMessage:
		s.got = append(s.got, string(data.Message.Body))
	case streams.DesktopSharingStreamGotData:
		s.got = append(s.got, string(data.Data))
	}
}

func (s *stream) texts() (sent, got []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent), slices.Clone(s.got)
}

// peer is the stream at the other end, nil if there is none.
func (s *stream) peer() *stream {
	if s.session == nil {
		return nil
	}
	tag := s.session.callerTag()
	for _, p := range s.party.world.parties {
		for _, other := range slices.Backward(p.allStreams()) {
			if p != s.party && other.session != nil && other.session.callerTag() == tag &&
				other.stream.Index() == s.stream.Index() && other.stream.Type() == s.stream.Type() {
				return other
			}
		}
	}
	return nil
}

// received is the attribute of that name.
func (s *stream) received() (any, bool) {
	var sent []string
	_, got := s.texts()
	if peer := s.peer(); peer != nil {
		sent, _ = peer.texts()
	}
	switch stream := s.stream.(type) {
	case *streams.ChatStream:
		list := make([]any, len(got))
		for i, text := range got {
			list[i] = text
		}
		if len(sent) > 0 && slices.Equal(got, sent) { // of nothing there is no copy
			return sameTexts(list), true
		}
		return list, true
	case *streams.DesktopSharingStream:
		text := strings.Join(got, "")
		if g := s.party.programOf(s); g != nil {
			text = g.text()
		}
		if len(sent) > 0 && text == strings.Join(sent, "") {
			return sameText(text), true
		}
		return text, true
	case *streams.FileTransferStream:
		return s.party.receivedFile(stream)
	}
	return nil, false
}

func (p *party) receivedFile(s *streams.FileTransferStream) (any, bool) {
	p.mu.Lock()
	into, folder := p.sinks[s], p.folders[s]
	p.mu.Unlock()
	switch {
	case into == nil:
		return nil, true
	case folder == "":
		return into.received(), true
	case s.SavedAs() == "":
		return nil, true
	}
	data, err := os.ReadFile(filepath.Join(folder, s.SavedAs()))
	if err != nil {
		return err.Error(), true
	}
	whole := received{size: int64(len(data))}
	if into.want != nil && int64(len(data)) == into.want.size {
		var b bytes.Buffer
		_, _ = b.ReadFrom(into.want.fresh())
		whole.identical = bytes.Equal(b.Bytes(), data)
	}
	return whole, true
}

// streamOfHandler finds the stream of a handler of desktop sharing.
func (p *party) streamOfHandler(h streams.DesktopSharingHandler) *stream {
	for _, st := range slices.Backward(p.allStreams()) {
		if s, ok := st.stream.(*streams.DesktopSharingStream); ok && s.Handler() == h {
			return st
		}
	}
	return nil
}

// started tells whether an MSRP stream is as far as a message can be sent, or
// will never be.
func (s *stream) started() bool {
	named, ok := s.stream.(interface{ Attribute(string) (any, bool) })
	if !ok {
		return true
	}
	switch state, _ := named.Attribute("state"); state {
	case "NULL", "INITIALIZING", "INITIALIZED", "STARTING":
		return false
	}
	return true
}
