package play

import "github.com/go-sipsimple/callflow/simnet/xcapserver"

// serveXCAP starts an XCAP server; its root is http://NAME.test/.
func (p *party) serveXCAP() error {
	var err error
	p.server.xcap, err = xcapserver.New(xcapserver.Config{
		Net: p.host, Host: p.address(), Users: p.def.Server.Users, Changed: p.world.touch,
	})
	return err
}

// xcapRequests are what an XCAP server has been asked: METHOD PATH CODE.
func xcapRequests(requests []string) serverList {
	list := serverList{}
	for _, r := range requests {
		list = append(list, r)
	}
	return list
}
