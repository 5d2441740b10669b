package casare

// statuses is the one table between codes and HTTP statuses: api answers by it, client reads by it. For a status that several
// codes share, the first line is what an answer without a code means.
var statuses = []struct {
	code   Code
	status int
}{
	{CodeInvalid, 400},
	{CodeUnauthenticated, 401},
	{CodeForbidden, 403},
	{CodeNotFound, 404},
	{CodeConflict, 409},
	{CodeExists, 409},
	{CodeTransition, 409},
	{CodeStaleEpoch, 409},
	{CodeGap, 409},
	{CodeTooLarge, 413},
	{CodeValidation, 422},
	{CodeIdempotency, 422},
	{CodeRateLimit, 429},
	{CodeInternal, 500},
	{CodeOutcomeUnknown, 500}, // never 429, 502, 503 or 504: old clients answer those by sending a new job
	{CodeUnsupported, 501},
	{CodeUnavailable, 503},
	{CodeNotLeader, 503},
	{CodeTimeout, 504},
	{CodeStorageFull, 507},
}

// Status returns the HTTP status that stands for the code; 500 for a code that is not in the table.
func (c Code) Status() int {
	for _, row := range statuses {
		if row.code == c {
			return row.status
		}
	}
	return 500
}

// CodeOfStatus returns what an HTTP answer with this status and no code of its own means; CodeInternal for any other status.
func CodeOfStatus(status int) Code {
	for _, row := range statuses {
		if row.status == status {
			return row.code
		}
	}
	if status >= 400 && status < 500 {
		return CodeInvalid
	}
	return CodeInternal
}
