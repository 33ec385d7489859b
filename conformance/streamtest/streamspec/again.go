package streamspec

import (
	"flag"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/extensions/globals"
)

// RunSpecs is [ginkgo.RunSpecs] for specs that describe makes. Unlike it, it can run again in one process: Ginkgo itself
// refuses go test -count=20. No spec may have been described before.
func RunSpecs(t *testing.T, text string, describe func()) bool {
	t.Helper()
	globals.Reset()
	describe()
	if count := flag.Lookup("test.count"); count != nil { // Ginkgo looks at it and would exit
		wanted := count.Value.String()
		defer func() { _ = flag.Set("test.count", wanted) }()
		_ = flag.Set("test.count", "1")
	}
	return ginkgo.RunSpecs(t, text)
}
