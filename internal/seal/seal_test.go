package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/internal/seal"
)

func TestSeal_OpensOnlyAsItWasSealed(t *testing.T) {
	t.Parallel()
	key := seal.Key{1}
	sealed, err := seal.Seal(key, "tenant/name", []byte("hush"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "hush")
	plain, err := seal.Open(key, "tenant/name", sealed)
	require.NoError(t, err)
	require.Equal(t, "hush", string(plain))

	again, err := seal.Seal(key, "tenant/name", []byte("hush"))
	require.NoError(t, err)
	require.NotEqual(t, sealed, again, "the same text looks different each time")

	fails := func(key seal.Key, context string, sealed []byte) {
		_, err := seal.Open(key, context, sealed)
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	}
	fails(seal.Key{2}, "tenant/name", sealed)
	fails(key, "tenant/other", sealed)
	fails(key, "tenant/name", nil)
	for i := range sealed {
		broken := append([]byte(nil), sealed...)
		broken[i] ^= 1
		fails(key, "tenant/name", broken)
	}
}
