package streams

import "github.com/go-sipsimple/callflow/sipsimple/notification"

// msrpNotifications lists a zero value of every notification of the MSRP streams.
func msrpNotifications() []notification.Data {
	return []notification.Data{
		ChatStreamGotMessage{}, ChatStreamGotComposingIndication{}, ChatStreamDidSendMessage{},
		ChatStreamDidDeliverMessage{}, ChatStreamDidNotDeliverMessage{},
		FileTransferStreamDidDeliverChunk{}, FileTransferStreamDidNotDeliverChunk{}, FileTransferStreamGotChunk{},
		FileTransferStreamDidFinish{},
		DesktopSharingStreamGotData{}, DesktopSharingHandlerDidFail{}, MSRPTransportTrace{}, MSRPLibraryLog{},
	}
}
