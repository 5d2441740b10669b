package blobstore_test

import (
	"fmt"
	"testing"
)

// BenchmarkPut: three stores over loopback: a put is done when two of them have synced it.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20, 16 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			w := newWorld(b, "a", "b", "c")
			a := w.start("a")
			w.start("b")
			w.start("c")
			b.SetBytes(int64(size))
			texts := make([][]byte, b.N)
			for i := range texts {
				texts[i] = content(size)
			}
			b.ResetTimer()
			for _, text := range texts {
				if _, err := a.PutBytes(b.Context(), text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
