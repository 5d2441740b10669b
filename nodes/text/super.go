package text

import (
	"context"

	"casare/node"
	"casare/value"
	"casare/value/pytext"
)

func init() { node.Register("TextSuperNode", func() node.Node { return new(super) }) }

// The actions of a TextSuperNode.
const (
	actionSubstring  = "Substring"
	actionContains   = "Contains"
	actionStartsWith = "Starts With"
	actionEndsWith   = "Ends With"
	actionExtract    = "Extract (Regex)"
	actionSplit      = "Split"
	actionReplace    = "Replace"
	actionTrim       = "Trim"
	actionCase       = "Case"
	actionPad        = "Pad"
	actionReverse    = "Reverse"
	actionLines      = "Lines"
	actionCount      = "Count"
	actionJoin       = "Join"
)

type super struct {
	regex

	action                       string
	text                         node.Value
	search, prefix, suffix       node.Value
	start, end, length           node.Value
	pattern, old, now            node.Value
	mostSplits, mostReplacements node.Value
	lines, items                 node.Value
	separator, between           string
	trimMode, trimCharacters     string
	to, padMode, fill            string
	linesMode, lineSeparator     string
	countMode                    string
	caseSensitive, useRegex, all bool
	removeEmpty, excludeSpace    bool

	result            string
	is                bool
	size, times       int64
	found             found
	match             node.Value
	groups, partsList value.List
	joined            node.Opt[string]
	parts             node.Opt[value.List]
}

// Spec describes the type.
func (n *super) Spec(s *node.Spec) {
	s.Describe("Text", "Works with a text: cuts, searches, takes apart, replaces, trims, fills up, counts, joins. Places count characters from 0.")
	s.Category("text")
	s.Choice(node.Param, &n.action, "action", actionSubstring, actionContains, actionStartsWith, actionEndsWith, actionExtract, actionSplit,
		actionReplace, actionTrim, actionCase, actionPad, actionReverse, actionLines, actionCount, actionJoin).
		Or(actionContains).Shown(node.Essential).Says("What to do.")
	textInput(s.When("action", actionSubstring, actionContains, actionStartsWith, actionEndsWith, actionExtract, actionSplit, actionReplace,
		actionTrim, actionCase, actionPad, actionReverse, actionLines, actionCount), &n.text, "text").Says("The text.")
	n.specSearch(s)
	n.specRegex(s)
	n.specChange(s)
	n.specParts(s)
	s.When("action", actionReplace, actionTrim, actionCase, actionPad, actionReverse, actionSubstring, actionJoin).
		String(node.Out, &n.result, "result").Says("The text that comes of it.")
	s.When("action", actionStartsWith, actionEndsWith).Bool(node.Out, &n.is, "result").Says("Whether it is so.")
	s.When("action", actionSplit, actionLines, actionCount).Int(node.Out, &n.size, "count").Says("How many there are.")
	s.Effect(node.Pure)
	superExamples(s)
}

func (n *super) specSearch(s *node.Spec) {
	cut := s.When("action", actionSubstring)
	numberInput(cut, &n.start, "start").Says("The first place; negative ones count from the end.")
	numberInput(cut, &n.end, "end").Says("The place before which the part ends; the end of the text if none is given.")
	cut.Int(node.Out, &n.size, "length").Says("How many characters the part has.")

	contains := s.When("action", actionContains)
	textInput(contains, &n.search, "search").Says("The text to look for; an empty one is everywhere.")
	contains.Bool(node.Out, &n.found.contains, "contains").Says("Whether it is there.")
	contains.Int(node.Out, &n.found.position, "position").Says("Where it stands first; -1 if it is not there.")
	contains.Int(node.Out, &n.found.count, "count").Says("How often it is there.")

	textInput(s.When("action", actionStartsWith), &n.prefix, "prefix").Says("The text to look for at the beginning.")
	textInput(s.When("action", actionEndsWith), &n.suffix, "suffix").Says("The text to look for at the end.")
	s.When("action", actionContains, actionStartsWith, actionEndsWith).Bool(node.Param, &n.caseSensitive, "case_sensitive").Or(true).
		Says("Whether large and small letters differ.")
}

func (n *super) specRegex(s *node.Spec) {
	replace := s.When("action", actionReplace)
	textInput(replace, &n.old, "old_value").Says("What to replace: a text, or a regular expression.")
	textInput(replace, &n.now, "new_value").Says(`What to put in its place; of a regular expression \1 and \g<name> are the groups.`)
	numberParam(replace, &n.mostReplacements, "replace_count").Or(-1).Says("How often at most; everywhere for -1.")
	replace.Bool(node.Param, &n.useRegex, "use_regex").Or(false).Says("Whether what to replace is a regular expression.")
	replace.Int(node.Out, &n.times, "replacements").Says("How often something was replaced.")

	extract := s.When("action", actionExtract)
	textInput(extract, &n.pattern, "pattern").Says("The regular expression, in Python's syntax.")
	extract.Bool(node.Param, &n.all, "all_matches").Or(false).Says("Whether to take every match rather than the first.")
	extract.Any(node.Out, &n.match, "match").Says("The match, or the list of all; an empty text if there is none.")
	extract.List(node.Out, &n.groups, "groups").
		Says("What the groups have matched, or a list of that per match; a group that took no part is null.")
	extract.Bool(node.Out, &n.found.contains, "found").Says("Whether there is a match.")

	n.spec(s.When("action", actionReplace, actionExtract))
}

func (n *super) specChange(s *node.Spec) {
	trim := s.When("action", actionTrim)
	trim.Choice(node.Param, &n.trimMode, "trim_mode", sideBoth, sideLeft, sideRight).Or(sideBoth).Says("At which end.")
	trim.String(node.Param, &n.trimCharacters, "trim_characters").Or("").Says("The characters to take away; empty for white space.")

	s.When("action", actionCase).
		Choice(node.Param, &n.to, "case_transform", caseUpper, caseLower, caseTitle, caseCapitalize, caseSwap).Or(caseLower).
		Says("The case; any other word leaves the text as it is.")

	pad := s.When("action", actionPad)
	numberInput(pad, &n.length, "length").Says("How many characters to fill up to.")
	pad.Choice(node.Param, &n.padMode, "pad_mode", sideLeft, sideRight, sideCenter).Or(sideLeft).Says("Where to fill; center is at both ends.")
	pad.String(node.Param, &n.fill, "fill_char").Or(" ").Says("The character to fill with; a blank for anything but one character.")

	counting := s.When("action", actionCount)
	counting.Choice(node.Param, &n.countMode, "count_mode", countCharacters, countWords, countLines).Or(countCharacters).Says("What to count.")
	counting.Bool(node.Param, &n.excludeSpace, "exclude_whitespace").Or(false).Says("Whether characters of white space are left out.")
}

func (n *super) specParts(s *node.Spec) {
	split := s.When("action", actionSplit)
	split.String(node.In, &n.separator, "separator").Shown(node.Essential).Says("Where to cut; empty for white space.")
	numberParam(split, &n.mostSplits, "max_split").Or(-1).Says("How often to cut at most; as often as possible for -1.")
	split.List(node.Out, &n.partsList, "result").Says("The parts.")

	byLine := s.When("action", actionLines)
	byLine.Any(node.In, &n.lines, "lines").Port(node.KindList).Shown(node.Essential).Says("The lines to join; what is no list counts as none.")
	byLine.Choice(node.Param, &n.linesMode, "lines_mode", linesSplit, linesJoin).Or(linesSplit).Says("Whether to cut into lines or to join lines.")
	byLine.Choice(node.Param, &n.lineSeparator, "line_separator", separatorNewline, separatorCRLF, separatorComma).Or(separatorNewline).
		Says("What stands between lines that are joined.")
	byLine.Bool(node.Param, &n.removeEmpty, "remove_empty").Or(false).Says("Whether empty lines are left out when cutting.")
	node.Maybe(byLine, node.Out, &n.joined, "text").Says("The joined text.")
	node.Maybe(byLine, node.Out, &n.parts, "lines").Says("The lines of the text.")

	joining := s.When("action", actionJoin)
	joining.Any(node.In, &n.items, "items").Port(node.KindList).Shown(node.Essential).Says("The items; what is no list is the only item of one.")
	joining.String(node.Param, &n.between, "separator").Or("").Says("What stands between two items.")
}

// Run does what the action says.
func (n *super) Run(ctx context.Context, _ *node.Run) (err error) {
	s := text(n.text)
	var length, times int
	switch n.action {
	case actionSubstring:
		n.result, length, err = substring(s, n.start, n.end)
		n.size = int64(length)
	case actionContains:
		n.found = find(s, text(n.search), n.caseSensitive)
	case actionStartsWith:
		n.is = startsWith(s, text(n.prefix), n.caseSensitive)
	case actionEndsWith:
		n.is = endsWith(s, text(n.suffix), n.caseSensitive)
	case actionExtract:
		n.match, n.groups, n.found.contains, err = n.extract(ctx, s, text(n.pattern), n.all)
	case actionSplit:
		n.partsList, err = split(s, n.separator, n.mostSplits)
		n.size = int64(len(n.partsList))
	case actionReplace:
		if n.useRegex {
			n.result, times, err = n.sub(ctx, s, text(n.old), text(n.now), n.mostReplacements)
		} else {
			n.result, times, err = replace(s, text(n.old), text(n.now), n.mostReplacements)
		}
		n.times = int64(times)
	case actionTrim:
		n.result = trim(s, n.trimMode, n.trimCharacters)
	case actionCase:
		n.result = inCase(s, n.to)
	case actionPad:
		n.result, err = pad(s, n.length, n.padMode, n.fill)
	case actionReverse:
		n.result = pytext.Reverse(s)
	case actionLines:
		n.parts, n.joined, n.size, err = lines(n.linesMode, s, n.lines, n.lineSeparator, n.removeEmpty)
	case actionCount:
		n.size = count(s, n.countMode, n.excludeSpace)
	case actionJoin:
		n.result, err = join(n.items, n.between)
	default:
		err = node.Fail("", "Unknown action: %s", n.action)
	}
	return err
}
