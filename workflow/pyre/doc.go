// Package pyre runs Python's regular expressions: the patterns of workflows that were written against CPython's re.
//
// A pattern is parsed by the rules of CPython 3.11 (the same patterns are refused, with the same words and positions) into a small
// tree (tree.go), and the tree is written as a pattern of github.com/dlclark/regexp2, a backtracking engine (emit.go). Nothing in
// the pattern reaches that engine as it stands, because the two dialects share most spellings and mean different things by them:
// what \w, \b, \Z, $ and {,n} are, which letters are alike in another case, how groups are numbered. All of that is decided here;
// the engine sees classes, groups by number, and no options.
//
// Positions are code points. What a match with no length means for the search after it is Python's since 3.7: the next match may
// begin at the same place but must then have a length, so sub("a*", "-", "aaa") is "--". The engine has no such rule; the same
// pattern with "does not end where the search began" behind it has exactly this effect (regexp.go).
//
// A pattern that backtracks without end is stopped after MatchTimeout, for each match that is sought; the methods that seek many
// also look at their context between two matches. Patterns, texts, results and numbers of matches are capped.
//
// Unlike Python: \N{name} is refused; a pattern nests at most 200 levels; there are no lone surrogates to be matched. Where a repeated
// group can match nothing, as in (a*|b){1,2}, which of its turns the group keeps may differ (in about one of 3,000 made-up patterns).
// A class under (?a:…) at the beginning of a pattern is ASCII's, which CPython 3.11 forgets.
package pyre
