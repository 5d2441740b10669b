package trigger

import "casare/node"

func init() { node.Register("RSSFeedTriggerNode", newTrigger[rssFeed]) }

type rssFeed struct{}

// about implements about.
func (rssFeed) about() about {
	return about{
		title: "RSS Feed Trigger",
		doc:   "Begins a run when a feed has a new item.",
		params: []param{
			{name: "feed_url", help: "The address of the feed."},
			{name: "poll_interval_minutes", help: "Minutes between two looks.", kind: node.KindInt, or: 15},
			{name: "filter_keywords", help: "Words to look for, separated by commas; empty for any item.", or: ""},
			{name: "filter_mode", help: "How many of the words must be there.", or: "any", choices: []string{"any", "all", "none"}},
			{name: "max_items_per_check", help: "Most items at one look.", kind: node.KindInt, or: 10},
			{name: "include_description", help: "The item's text comes along.", kind: node.KindBool, or: true},
		},
		outputs: []output{
			{"item", node.KindDict, "The whole item."},
			{"title", node.KindText, "Its title."},
			{"link", node.KindText, "Its address."},
			{"description", node.KindText, "Its text."},
			{"published", node.KindText, "When it was published."},
			{"author", node.KindText, "Who wrote it."},
			{"categories", node.KindList, "Its categories."},
		},
	}
}
