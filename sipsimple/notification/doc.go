// Package notification is how the middleware talks to the application: a
// [Center] delivers each [Notification] (a name, a sender, typed data) to the
// observers that asked for it.
//
// Post never blocks and never runs foreign code. One dispatcher per centre
// calls the observers one at a time, in posting order; what an observer posts
// is delivered after the current notification has reached everybody. An
// observer that panics is logged and harms nobody.
//
//	center := notification.NewCenter(nil)
//	handle := center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
//		fmt.Println(n.Name, n.Fields())
//	}), notification.Filter{Name: "SIPSessionDidFail"})
//	defer handle.Cancel()
//
// Who prefers a loop to a callback subscribes:
//
//	for n := range center.Subscribe(ctx, notification.Filter{Sender: session}) { ... }
package notification
