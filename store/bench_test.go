package store

import (
	"fmt"
	"strconv"
	"testing"
)

var sizes = []int{1, 100, MaxSecrets}

func storeOf(b *testing.B, secrets int) *Store {
	b.Helper()
	s := newStore(b)
	update(b, s, func(tx *Tx) error {
		for i := range secrets {
			if err := tx.Put(about(fmt.Sprintf("label/%d", i)), text("sk-0123456789abcdef0123456789abcdef")); err != nil {
				return err
			}
		}
		return nil
	})
	b.ResetTimer()
	return s
}

// BenchmarkOpenGet is what one exec asks of the store.
func BenchmarkOpenGet(b *testing.B) {
	for _, n := range sizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			path := storeOf(b, n).path
			for b.Loop() {
				s, err := Open(path, Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Unlock(vaultKey()); err != nil {
					b.Fatal(err)
				}
				if _, _, err := s.Get("label/0"); err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
}

func BenchmarkList(b *testing.B) {
	for _, n := range sizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := storeOf(b, n)
			for b.Loop() {
				if _, err := s.List(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, n := range sizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := storeOf(b, n)
			for b.Loop() {
				put(b, s, "label/0", "another value")
			}
		})
	}
}
