//go:build goexperiment.runtimesecret && linux && (amd64 || arm64)

package redact

import (
	"runtime/secret"
	"testing"
)

func TestErased(t *testing.T) {
	enabled := false
	Erased(func() { enabled = secret.Enabled() })
	if !enabled {
		t.Error("nothing is erased")
	}
}
