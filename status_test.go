package casare_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

func TestStatus_TheUnknownOutcomeIsNeverAStatusThatOldClientsRepeat(t *testing.T) {
	t.Parallel()
	require.NotContains(t, []int{429, 502, 503, 504}, casare.CodeOutcomeUnknown.Status())
}

func TestStatus_AStatusNamesACodeWithThatStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 409, 413, 422, 429, 500, 501, 503, 504, 507} {
		require.Equal(t, status, casare.CodeOfStatus(status).Status(), "status %d", status)
	}
	require.Equal(t, casare.CodeInvalid, casare.CodeOfStatus(405))
	require.Equal(t, casare.CodeInternal, casare.CodeOfStatus(502))
	require.Equal(t, 500, casare.Code("SOMETHING_NEW").Status())
}
