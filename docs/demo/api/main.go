// Command api is the small HTTP API of the demo: it answers who knows its key,
// and, as many real ones do, repeats the key in what it answers.
//
// Usage: api KEYFILE, where KEYFILE holds the key it wants. It listens on a free
// port of the loopback interface and prints its address.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
)

func main() {
	key, err := os.ReadFile(os.Args[1])
	if err != nil {
		slog.Error("reading the key", "error", err)
		os.Exit(1)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		slog.Error("listening", "error", err)
		os.Exit(1)
	}
	fmt.Println("http://" + listener.Addr().String())
	slog.Error("serving", "error", http.Serve(listener, api(bytes.TrimSpace(key))))
}

func api(key []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+string(key) {
			http.Error(w, "401 the key is missing or wrong", http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "200 welcome; your key is %s, in base64 %s\n", key, base64.StdEncoding.EncodeToString(key))
	}
}
