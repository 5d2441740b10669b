package pyre

import (
	"time"

	"github.com/dlclark/regexp2"

	"casare"
)

// What a pattern, a text and a result may be at most.
const (
	MaxPattern = 16 << 10 // code points of a pattern, or of a replacement
	MaxText    = 16 << 20 // bytes of a text that is searched
	MaxResult  = 64 << 20 // bytes of a text that Sub makes
	MaxMatches = 1_000_000
	MaxNesting = 200 // of groups in a pattern
)

// MatchTimeout is how long the engine may look for one match in a text of up to 128 Ki code points. In a longer one, which takes its
// time to be walked through, it may look 16 times as long, and from 2 Mi on 128 times.
const MatchTimeout = 100 * time.Millisecond

// tiers are the lengths of texts up to which a match may take so long.
var tiers = [...]struct {
	runes int
	limit time.Duration
}{{128 << 10, MatchTimeout}, {2 << 20, 16 * MatchTimeout}, {MaxText, 128 * MatchTimeout}}

// tierOf returns the tier of a text of so many code points.
func tierOf(runes int) int {
	for i := range tiers {
		if runes <= tiers[i].runes {
			return i
		}
	}
	return len(tiers) - 1
}

func tooLarge(what string, most int) error {
	return casare.Errorf(casare.CodeTooLarge, "regular expression: %s (more than %d)", what, most)
}

func timedOut(limit time.Duration) error {
	return casare.Errorf(casare.CodeTimeout,
		"the regular expression found no answer within %d ms: it backtracks too much on this text", limit.Milliseconds())
}

// StopClock ends the goroutine that watches MatchTimeout, which else ends by itself a second after the last match. Tests that count
// goroutines call it when they are done; nothing may be searched meanwhile.
func StopClock() { regexp2.StopTimeoutClock() }
