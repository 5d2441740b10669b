package text

import "casare/node"

// superExamples shows each action once.
func superExamples(s *node.Spec) {
	show := func(action string, given, wanted node.Values) {
		given["action"] = action
		s.Example(node.Example{Name: action, Given: given, Wanted: wanted})
	}
	show(actionSubstring, node.Values{"text": "Hello", "start": -3}, node.Values{"result": "llo", "length": 3})
	show(actionContains, node.Values{"text": "Hello hello", "search": "hello"}, node.Values{"contains": true, "position": 6, "count": 1})
	show(actionStartsWith, node.Values{"text": "Hello", "prefix": "he", "case_sensitive": false}, node.Values{"result": true})
	show(actionEndsWith, node.Values{"text": "a.txt", "suffix": ".TXT"}, node.Values{"result": false})
	show(actionExtract, node.Values{"text": "a1 b2", "pattern": `([a-z])(\d)`, "all_matches": true},
		node.Values{"match": []any{"a1", "b2"}, "groups": []any{[]any{"a", "1"}, []any{"b", "2"}}, "found": true})
	show(actionSplit, node.Values{"text": "a,b,c", "separator": ",", "max_split": 1}, node.Values{"result": []any{"a", "b,c"}, "count": 2})
	show(actionReplace, node.Values{"text": "2024-05-06", "old_value": `(\d+)-(\d+)`, "new_value": `\2/\1`, "use_regex": true},
		node.Values{"result": "05/2024-06", "replacements": 1})
	show(actionTrim, node.Values{"text": "xxax", "trim_mode": sideLeft, "trim_characters": "x"}, node.Values{"result": "ax"})
	show(actionCase, node.Values{"text": "heLLo w", "case_transform": caseTitle}, node.Values{"result": "Hello W"})
	show(actionPad, node.Values{"text": "7", "length": 3, "fill_char": "0"}, node.Values{"result": "007"})
	show(actionReverse, node.Values{"text": "abc"}, node.Values{"result": "cba"})
	show(actionLines, node.Values{"text": "a\nb"}, node.Values{"lines": []any{"a", "b"}, "count": 2})
	show(actionCount, node.Values{"text": "two words", "count_mode": countWords}, node.Values{"count": 2})
	show(actionJoin, node.Values{"items": []any{"a", 1}, "separator": ", "}, node.Values{"result": "a, 1"})
	s.Example(node.Example{Name: "an action that does not exist", Given: node.Values{"action": "Shout", "text": "a"}, Fails: "Unknown action: Shout"})
}
