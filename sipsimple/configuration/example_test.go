package configuration_test

import (
	"context"
	"fmt"
	"log"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// Settings are read with Get and changed in an Update, and observers hear of it.
func Example() {
	ctx := context.Background()
	center := notification.NewCenter(nil)
	manager := configuration.NewManager(center, nil)
	if err := manager.Start(storage.NewMemory()); err != nil {
		log.Fatal(err)
	}
	general, err := configuration.NewGeneral(manager, nil)
	if err != nil {
		log.Fatal(err)
	}
	center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		for path, change := range n.Data.(configuration.CFGSettingsObjectDidChange).Modified {
			fmt.Println(path, "was", change.Old, "and is", change.New)
		}
	}), notification.Filter{Name: "CFGSettingsObjectDidChange", Sender: general})

	fmt.Println("rings for", general.SIP.InviteTimeout.Or(0), "seconds")
	err = general.Save(ctx, func(d *configuration.Draft) error {
		general.SIP.InviteTimeout.Set(d, 30)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(general.Update(func(d *configuration.Draft) error {
		d.SetText("rtp.port_range", "65000-70000")
		return nil
	}))
	// Output:
	// rings for 90 seconds
	// sip.invite_timeout was 90 and is 30
	// SIPSimpleSettings.rtp.port_range: found "65000-70000"; expected a range of ports, such as 50000-50500
}

// An application adds settings of its own.
func ExampleNewObject() {
	manager := configuration.NewManager(notification.NewCenter(nil), nil)
	if err := manager.Start(storage.NewMemory()); err != nil {
		log.Fatal(err)
	}
	var volume configuration.Setting[int]
	var tune configuration.Nillable[configuration.Path]
	ringer, err := configuration.NewObject(manager, configuration.ObjectConfig{ID: "Ringer"}, func(o *configuration.Object) {
		volume = configuration.Add(o, "volume", configuration.NonNegativeSetting, 7)
		tune = configuration.AddNillable(o, "tune.file", configuration.PathSetting)
	})
	if err != nil {
		log.Fatal(err)
	}
	err = ringer.Save(context.Background(), func(d *configuration.Draft) error {
		volume.Set(d, 3)
		tune.Set(d, "~/tunes/bell.wav")
		return nil
	})
	file, _ := tune.Get()
	fmt.Println(volume.Get(), file, err)
	names, _ := manager.Names("Ringer")
	fmt.Println(names)
	// Output:
	// 3 ~/tunes/bell.wav <nil>
	// [tune volume]
}
