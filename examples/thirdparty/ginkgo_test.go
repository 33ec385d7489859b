package thirdparty_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/go-sipsimple/callflow/conformance/streamtest/streamspec"
)

func TestSpecs(t *testing.T) {
	RegisterFailHandler(Fail)
	streamspec.RunSpecs(t, "third-party stream", func() { streamspec.Describe("text stream", fixture()) })
}
