package account

import "github.com/go-sipsimple/callflow/sipsimple/notification"

// Notifications of the Bonjour account (application.md 12); the sender is the
// *[BonjourAccount].
type (
	// BonjourAccountWillRegister: the account will be advertised.
	BonjourAccountWillRegister struct {
		Transport string `field:"transport"`
	}
	// BonjourAccountRegistrationDidSucceed: the account is advertised.
	BonjourAccountRegistrationDidSucceed struct {
		Name      string `field:"name"` // of the service
		Transport string `field:"transport"`
	}
	// BonjourAccountRegistrationDidFail: the account cannot be advertised; another
	// try follows.
	BonjourAccountRegistrationDidFail struct {
		Reason    string `field:"reason"`
		Transport string `field:"transport"`
	}
	// BonjourAccountRegistrationUpdateDidFail: the new name cannot be advertised.
	BonjourAccountRegistrationUpdateDidFail struct {
		Reason    string `field:"reason"`
		Transport string `field:"transport"`
	}
	// BonjourAccountRegistrationDidEnd: the account is advertised no more.
	BonjourAccountRegistrationDidEnd struct {
		Transport string `field:"transport"`
	}
	// BonjourAccountWillInitiateDiscovery: neighbours will be looked for.
	BonjourAccountWillInitiateDiscovery struct {
		Transport string `field:"transport"`
	}
	// BonjourAccountDiscoveryDidFail: neighbours cannot be looked for; another try
	// follows.
	BonjourAccountDiscoveryDidFail struct {
		Reason    string `field:"reason"`
		Transport string `field:"transport"`
	}
	// BonjourAccountDiscoveryFailure: a neighbour could not be resolved.
	BonjourAccountDiscoveryFailure struct {
		Error     string `field:"error"`
		Transport string `field:"transport"`
	}
	// BonjourAccountDidAddNeighbour: somebody is there.
	BonjourAccountDidAddNeighbour struct {
		Neighbour   Neighbour `field:"neighbour"`
		DisplayName string    `field:"display_name"`
		Host        string    `field:"host"`
		URI         string    `field:"uri"`
	}
	// BonjourAccountDidUpdateNeighbour: somebody has another name or address.
	BonjourAccountDidUpdateNeighbour struct {
		Neighbour   Neighbour `field:"neighbour"`
		DisplayName string    `field:"display_name"`
		Host        string    `field:"host"`
		URI         string    `field:"uri"`
	}
	// BonjourAccountDidRemoveNeighbour: somebody has gone.
	BonjourAccountDidRemoveNeighbour struct {
		Neighbour Neighbour `field:"neighbour"`
	}
)

// NotificationName implements [notification.Data].
func (BonjourAccountWillRegister) NotificationName() string { return "BonjourAccountWillRegister" }
func (BonjourAccountRegistrationDidSucceed) NotificationName() string {
	return "BonjourAccountRegistrationDidSucceed"
}
func (BonjourAccountRegistrationDidFail) NotificationName() string {
	return "BonjourAccountRegistrationDidFail"
}
func (BonjourAccountRegistrationUpdateDidFail) NotificationName() string {
	return "BonjourAccountRegistrationUpdateDidFail"
}
func (BonjourAccountRegistrationDidEnd) NotificationName() string {
	return "BonjourAccountRegistrationDidEnd"
}
func (BonjourAccountWillInitiateDiscovery) NotificationName() string {
	return "BonjourAccountWillInitiateDiscovery"
}
func (BonjourAccountDiscoveryDidFail) NotificationName() string {
	return "BonjourAccountDiscoveryDidFail"
}
func (BonjourAccountDiscoveryFailure) NotificationName() string {
	return "BonjourAccountDiscoveryFailure"
}
func (BonjourAccountDidAddNeighbour) NotificationName() string {
	return "BonjourAccountDidAddNeighbour"
}
func (BonjourAccountDidUpdateNeighbour) NotificationName() string {
	return "BonjourAccountDidUpdateNeighbour"
}
func (BonjourAccountDidRemoveNeighbour) NotificationName() string {
	return "BonjourAccountDidRemoveNeighbour"
}

func bonjourNotifications() []notification.Data {
	return []notification.Data{
		BonjourAccountWillRegister{}, BonjourAccountRegistrationDidSucceed{}, BonjourAccountRegistrationDidFail{},
		BonjourAccountRegistrationUpdateDidFail{}, BonjourAccountRegistrationDidEnd{}, BonjourAccountWillInitiateDiscovery{},
		BonjourAccountDiscoveryDidFail{}, BonjourAccountDiscoveryFailure{}, BonjourAccountDidAddNeighbour{},
		BonjourAccountDidUpdateNeighbour{}, BonjourAccountDidRemoveNeighbour{},
	}
}
