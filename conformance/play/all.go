package play

import (
	"runtime"
	"sync"
)

// All plays cases, as many at a time as there are workers (0: one a core), and
// hands over each result as soon as it and all before it are there: in the
// order of the cases, from one goroutine at a time. play is [Play], [PlayAndLog]
// or what makes something of their results.
func All[C, T any](cases []C, workers int, play func(C) T, done func(T)) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	results := make([]chan T, len(cases))
	for i := range results {
		results[i] = make(chan T, 1)
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(workers, len(cases)) {
		wg.Go(func() {
			for i := range next {
				results[i] <- play(cases[i])
			}
		})
	}
	wg.Go(func() {
		defer close(next)
		for i := range cases {
			next <- i
		}
	})
	for _, result := range results {
		done(<-result)
	}
	wg.Wait()
}
