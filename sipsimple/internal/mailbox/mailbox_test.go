package mailbox

import (
	"sync"
	"testing"
	"testing/synctest"
)

func TestRunsInOrderAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Mailbox
		var got []int
		m.Post(func() { // so that nothing runs before all is queued
			for i := range 100 {
				m.Post(func() {
					got = append(got, i)
					if i == 50 {
						m.Post(func() { got = append(got, 1000) })
					}
				})
			}
		})
		synctest.Wait()
		if len(got) != 101 || got[100] != 1000 {
			t.Fatalf("ran %d functions, last %d; want 101, the nested one last", len(got), got[len(got)-1])
		}
		for i := range 100 {
			if got[i] != i {
				t.Fatalf("position %d: got %d", i, got[i])
			}
		}
	})
}

func TestOneAtATime(t *testing.T) {
	var m Mailbox
	var wg sync.WaitGroup
	inside, total := 0, 0
	for range 8 {
		for range 100 {
			wg.Add(1)
			go m.Post(func() {
				defer wg.Done()
				inside++
				if inside != 1 {
					t.Error("two functions at once")
				}
				total++
				inside--
			})
		}
	}
	wg.Wait()
	if total != 800 {
		t.Fatalf("ran %d functions, want 800", total)
	}
}
