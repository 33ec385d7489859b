package sipserver

// Held is what the server keeps of requests: transactions, forks and timers.
func (s *Server) Held() int {
	held := make(chan int)
	s.box.Post(func() { held <- s.layer.Len() + len(s.forks) + s.layer.Timers() })
	return <-held
}
