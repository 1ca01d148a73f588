// Bare is a command for a world with nothing in it: it prints what it was lent
// and what it finds.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("lent", os.Getenv("NPM_TOKEN"))
	fmt.Println("identity", os.Getenv("SECRETS_IDENTITY") != "")
	fmt.Println("uid", os.Getuid())
	entries, err := os.ReadDir("/")
	for _, e := range entries {
		fmt.Println("/" + e.Name())
	}
	if err != nil {
		fmt.Println(err)
	}
	if err := os.WriteFile("/left", nil, 0o600); err == nil {
		fmt.Println("the root can be written")
	}
}
