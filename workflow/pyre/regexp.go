package pyre

import (
	"sync"
	"time"

	"github.com/dlclark/regexp2"
)

// Regexp is a compiled pattern. It never changes and may be used by many goroutines at once.
type Regexp struct {
	pattern string
	names   map[string]int
	order   []string
	groups  int

	search engines
	longer engines // as search, but what begins where the search began must have a length
	here   engines // only where the search began
	wholly engines // only the whole text
}

// Compile returns the pattern as Python's re.compile reads it. The error wraps a SyntaxError with Python's words. Patterns are kept,
// so compiling one again costs little.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	key := cacheKey{pattern: pattern, flags: flags}
	if re, ok := compiled.get(key); ok {
		return re, nil
	}
	re, err := compile(pattern, flags)
	if err != nil {
		return nil, outward(err)
	}
	compiled.put(key, re)
	return re, nil
}

func compile(pattern string, flags Flags) (*Regexp, error) {
	if len(pattern) > 4*MaxPattern || len([]rune(pattern)) > MaxPattern {
		return nil, tooLarge("the pattern is too long", MaxPattern)
	}
	tree, p, err := parse(pattern, flags)
	if err != nil {
		return nil, err
	}
	written, err := emit(tree, p)
	if err != nil {
		return nil, err
	}
	re := &Regexp{
		pattern: pattern, names: p.names, order: p.order, groups: len(p.widths) - 1,
		search: newEngines(written),
		longer: newEngines("(?:" + written + `)(?!\G)`),
		here:   newEngines(`\G(?:` + written + ")"),
		wholly: newEngines(`\G(?:` + written + `)\z`),
	}
	_, err = re.search[0]()
	return re, err
}

// engines run one pattern, each with the time of its tier. They are compiled when they are first wanted: few patterns are used in
// more than one way.
type engines [len(tiers)]func() (*regexp2.Regexp, error)

func newEngines(written string) engines {
	var out engines
	for i := range out {
		out[i] = sync.OnceValues(func() (*regexp2.Regexp, error) { return engine(written, tiers[i].limit) })
	}
	return out
}

// clock makes the engine look at the time often enough for MatchTimeout to mean what it says.
var clock = sync.OnceFunc(func() { regexp2.SetTimeoutCheckPeriod(MatchTimeout / 10) })

func engine(written string, limit time.Duration) (*regexp2.Regexp, error) {
	clock()
	e, err := regexp2.Compile(written, regexp2.None)
	if err != nil {
		return nil, fault("the pattern cannot be run: %v", err)
	}
	e.MatchTimeout = limit
	return e, nil
}

// String returns the pattern.
func (re *Regexp) String() string { return re.pattern }

// Groups returns the number of groups.
func (re *Regexp) Groups() int { return re.groups }

// Names returns the names of the groups that have one, in order.
func (re *Regexp) Names() []string { return re.order }

// Group returns the number of the group of that name.
func (re *Regexp) Group(name string) (int, bool) {
	n, ok := re.names[name]
	return n, ok
}

// Search returns the first match in the text; nil when there is none. It fails with CodeTimeout when finding out takes too long.
func (re *Regexp) Search(text string) (*Match, error) {
	return re.once(text, &re.search)
}

// Match returns the match at the beginning of the text; nil when there is none. It fails as Search does.
func (re *Regexp) Match(text string) (*Match, error) { return re.once(text, &re.here) }

// FullMatch returns the match of the whole text; nil when there is none. It fails as Search does.
func (re *Regexp) FullMatch(text string) (*Match, error) { return re.once(text, &re.wholly) }

func (re *Regexp) once(text string, e *engines) (*Match, error) {
	s, err := newSubject(text)
	if err != nil {
		return nil, err
	}
	return re.find(s, 0, e)
}

// patiently asks the engine once more when it gives up: its clock is only as good as the goroutine that moves it, and on a busy machine
// both that and the search itself may stand still for longer than a match may take.
func patiently(limit time.Duration, find func() (*regexp2.Match, error)) (*regexp2.Match, error) {
	const most = 5
	for n := 1; ; n++ {
		began := time.Now()
		m, err := find()
		if err == nil {
			return m, nil
		}
		if n == most || n > 1 && time.Since(began) >= limit {
			return nil, timedOut(limit) // the only thing the engine fails with; its own text would show the whole input
		}
	}
}

// find runs one of the engines from a code point on.
func (re *Regexp) find(s *subject, from int, e *engines) (*Match, error) {
	run, err := e[tierOf(len(s.runes))]()
	if err != nil {
		return nil, outward(err)
	}
	m, err := patiently(run.MatchTimeout, func() (*regexp2.Match, error) { return run.FindRunesMatchStartingAt(s.runes, from) })
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, nil //nolint:nilnil // no match is an answer
	}
	out := &Match{re: re, subject: s, ends: make([]int, 2*(re.groups+1))}
	for i := range re.groups + 1 {
		out.ends[2*i], out.ends[2*i+1] = -1, -1
		if g := m.GroupByNumber(i); g != nil && len(g.Captures) > 0 {
			out.ends[2*i], out.ends[2*i+1] = g.Index, g.Index+g.Length
		}
	}
	return out, nil
}
