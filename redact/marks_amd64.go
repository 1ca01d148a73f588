package redact

var avx2 = hasAVX2()

// markGroups marks the bytes of a text whose length is a multiple of 64. words
// has room for them.
func markGroups(words []uint64, text []byte) {
	if avx2 {
		markAVX2(words, text)
	} else {
		markInWords(words, text)
	}
}

//go:noescape
func markAVX2(words []uint64, text []byte)

func hasAVX2() bool
