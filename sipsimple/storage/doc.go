// Package storage is where the middleware keeps what must outlive a run (seed:
// Storage API): the configuration, and the XCAP documents of each account. No
// other component opens such a file.
//
// [NewFile] keeps both below one folder, [NewMemory] keeps nothing. An
// application may bring a [Storage] of its own.
//
//	st := storage.NewFile("/home/alice/.sipsimple")
//	defer st.Close() // lets another process in
//	tree, err := st.ConfigurationBackend().Load()
//
// The configuration of a File is <folder>/config, a YAML file:
//
//	Accounts:
//	    alice@example.org:
//	        auth:
//	            password: "s3 cret"
//	        enabled: true
//	        sip:
//	            outbound_proxy: "proxy.example.org:5061;transport=tls"
//	SIPSimpleSettings:
//	    sip:
//	        transport_list: [tls, udp]
//
// A person may write it: order, comments and settings unknown to the
// middleware stay when the middleware writes it again. A crash leaves the old
// file or the new one; a file that cannot be read is never overwritten.
package storage
