package value_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
)

func TestSealed_KeepsSecretsAndShowsNone(t *testing.T) {
	t.Parallel()
	v := value.DictOf(
		value.Pair{Key: "plain", Value: "text"},
		value.Pair{Key: "list", Value: value.List{value.NewSecret("s3cr3t"), int64(1)}},
	)
	turn := func(b []byte) []byte { // stands for encryption
		out := bytes.Clone(b)
		for i := range out {
			out[i] ^= 0x5a
		}
		return out
	}
	raw, err := value.EncodeSealed(v, func(text string) ([]byte, error) { return turn([]byte(text)), nil })
	require.NoError(t, err)
	require.NotContains(t, string(raw), "s3cr3t")
	back, err := value.DecodeSealed(raw, func(sealed []byte) (string, error) { return string(turn(sealed)), nil })
	require.NoError(t, err)
	require.True(t, value.Equal(v, back))

	_, err = value.EncodeCBOR(v)
	require.Error(t, err)
	_, err = value.DecodeCBOR(raw)
	require.ErrorContains(t, err, "unknown object")
	_, err = value.DecodeSealed(raw, func([]byte) (string, error) { return "", errors.New("wrong key") })
	require.ErrorContains(t, err, "wrong key")
	_, err = value.EncodeSealed(v, func(string) ([]byte, error) { return nil, errors.New("no key") })
	require.ErrorContains(t, err, "no key")
	for cut := range raw {
		_, err := value.DecodeSealed(raw[:cut], func(sealed []byte) (string, error) { return string(sealed), nil })
		require.Error(t, err, "cut at %d", cut)
	}
}
