package workspace_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/executor/workspace"
)

// A process that died may have kept its records only for itself: the contents were never put.
func TestSpace_RereadPutsContentsThatNobodyMayHave(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	b.write("a.txt", "one")
	b.write("d/b.txt", "two")
	b.age()
	b.save()
	clear(b.blobs.kept) // nobody has them
	b.again()           // what is there is what the records say, so nothing is fetched
	b.space.Reread()
	records, err := b.space.Collect(nil, true)
	require.NoError(t, err)
	require.Len(t, records, len(b.records))
	for _, r := range records {
		require.Equal(t, b.records[r.Key], r)
	}
	require.True(t, b.space.Pending())
	require.NoError(t, b.space.Flush(t.Context()))
	require.Len(t, b.blobs.kept, 2)
}
