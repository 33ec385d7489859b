package thirdparty_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/go-sipsimple/callflow/conformance/streamtest/streamspec"
)

var _ = streamspec.Describe("text stream", fixture())

func TestSpecs(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "third-party stream")
}
