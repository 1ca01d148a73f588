//go:build goexperiment.runtimesecret && linux && (amd64 || arm64)

package cmd_test

const erases = true
