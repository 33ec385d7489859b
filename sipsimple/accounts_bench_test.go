package sipsimple_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// A day of 1000 accounts that are registered and refreshed every hour: 24 000
// REGISTERs. It is to take less than 10 s.
func BenchmarkThousandAccountsADay(b *testing.B) {
	for range b.N {
		err := simnet.Bubble(func() { day(b, 1000) })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func day(b *testing.B, count int) {
	network := simnet.New(1)
	defer network.Close()
	host, err := network.Host("reg", netip.Addr{})
	if err != nil {
		b.Error(err)
		return
	}
	var lines []string
	users := map[string]string{}
	for i := range count {
		name := fmt.Sprintf("user%04d", i)
		lines = append(lines, name+"@reg.test auth.password=secret")
		users[name] = "secret"
	}
	server, err := sipserver.New(sipserver.Config{
		Name: "reg", Net: host, Host: host.Addr(), Rand: rand.NewChaCha8([32]byte{2}), Registrar: true, Users: users,
		Nonces: 48 * time.Hour,
	})
	if err != nil {
		b.Error(err)
		return
	}
	defer server.Close()
	home, err := network.Host("alice", netip.Addr{})
	if err != nil {
		b.Error(err)
		return
	}
	app, err := sipsimple.NewApplication(sipsimple.Config{Net: home, Rand: rand.NewChaCha8([32]byte{1}), Host: home.Addr()})
	if err != nil {
		b.Error(err)
		return
	}
	if err := app.StartFrom(context.Background(), stored(lines...)); err != nil {
		b.Error(err)
		return
	}
	time.Sleep(24 * time.Hour)
	synctest.Wait()
	if n := len(server.Bindings()); n != count {
		b.Errorf("%d accounts are registered", n)
	}
	b.ReportMetric(float64(len(server.Requests())), "requests/op")
	app.Stop()
	<-app.Done()
	if n := len(server.Bindings()); n != 0 {
		b.Errorf("%d accounts are still registered", n)
	}
}

// From the start to SIPApplicationDidStart with 10 accounts, in real time: less
// than 20 ms.
func BenchmarkStart(b *testing.B) {
	var lines []string
	for i := range 10 {
		lines = append(lines, fmt.Sprintf("user%d@192.0.2.1 sip.register=false", i))
	}
	network := simnet.New(1)
	defer network.Close()
	host, err := network.Host("alice", netip.Addr{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		app, err := sipsimple.NewApplication(sipsimple.Config{Net: host, Host: host.Addr()})
		if err != nil {
			b.Fatal(err)
		}
		started := make(chan struct{})
		app.Center().AddObserver(notification.ObserverFunc(func(notification.Notification) { close(started) }),
			notification.Filter{Name: "SIPApplicationDidStart"})
		if err := app.StartFrom(context.Background(), stored(lines...)); err != nil {
			b.Fatal(err)
		}
		<-started
		b.StopTimer()
		app.Stop()
		<-app.Done()
		b.StartTimer()
	}
}
