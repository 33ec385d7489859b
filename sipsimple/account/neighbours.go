package account

// Neighbourhood is DNS-SD over multicast DNS (RFC 6762, RFC 6763). Its methods
// are called on the executor of the accounts and must not block for long; found
// is called from any goroutine.
type Neighbourhood interface {
	// Register advertises a service until the function returned is called.
	Register(service Service) (unregister func(), err error)
	// Update changes the TXT records of a service that is registered.
	Update(service Service) error
	// Browse tells of services of a type such as _sipuri._udp that come, change
	// and go, until the function returned is called.
	Browse(serviceType string, found func(Found)) (stop func(), err error)
}

// Service is one advertised service.
type Service struct {
	Name string // of the instance
	Type string // _sipuri._udp
	Host string // of the SRV record; "" means this host
	Port int
	Text map[string]string // TXT records
}

// Found is what happened to a service in the neighbourhood.
type Found struct {
	Service Service
	Domain  string // local
	Gone    bool
	Err     error // it could not be resolved
}

// Neighbour is somebody else in the local network, by service.
type Neighbour struct {
	Name   string
	Type   string
	Domain string
}

// String is the name of the service.
func (n Neighbour) String() string { return n.Name }
