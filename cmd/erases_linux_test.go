//go:build linux && !(goexperiment.runtimesecret && (amd64 || arm64))

package cmd_test

const erases = false
