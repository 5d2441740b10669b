package prompt

// builtin returns the templates every robot has, in the order they are listed in.
func builtin() []template {
	return append(reading(), writing()...)
}

const justJSON = " Answer with JSON and nothing else."

// reading are the templates that find something out about a text.
func reading() []template {
	return []template{
		{
			id: "extract_entities", name: "Extract Named Entities", category: "extraction",
			description: "Finds the people, organizations, places and dates a text mentions",
			system: "You find named entities in texts. Report each person, organization, place and date once, as the text writes it. " +
				"Report nothing the text does not say." + justJSON,
			format: "json", tags: []string{"ner", "extraction", "entities"},
			variables: []variable{
				{name: "text", says: "The text to look through", required: true, examples: []string{"Ann Lee joined Example Ltd in Oslo on 3 May."}},
			},
		},
		{
			id: "classify_document", name: "Classify Document", category: "classification",
			description: "Decides which of some categories a document belongs to",
			system: "You sort documents. Choose exactly one of the categories given, say how sure you are from 0 to 1, and give the reason in one " +
				"sentence." + justJSON,
			format: "json", tags: []string{"classification", "document"},
			variables: []variable{
				{name: "document", says: "The text of the document", required: true},
				{
					name: "categories", says: "The categories, with commas between", required: true,
					examples: []string{"invoice, contract, receipt, letter"},
				},
			},
		},
		{
			id: "summarize_meeting", name: "Summarize Meeting Notes", category: "summarization",
			description: "Makes a summary of a meeting, with decisions and who is to do what",
			system: "You summarize meetings for people who were not there: what it was about, what was decided, who is to do what by when, and what " +
				"is still open. Leave out a heading under which there is nothing.",
			format: "text", tags: []string{"meeting", "summary", "business"},
			variables: []variable{
				{name: "notes", says: "The notes or the transcript", required: true},
				{name: "additional_instructions", says: "What else to look at, or how to lay it out", value: ""},
			},
		},
		{
			id: "analyze_sentiment", name: "Analyze Sentiment", category: "analysis",
			description: "Tells the mood of a text and the feelings in it",
			system: "You judge the mood of texts. Say whether it is positive, negative, neutral or mixed, how strongly from 0 to 1, which feelings " +
				"show, and quote the words that show them." + justJSON,
			format: "json", tags: []string{"sentiment", "analysis", "emotions"},
			variables: []variable{{name: "text", says: "The text to judge", required: true}},
		},
		{
			id: "extract_invoice", name: "Extract Invoice Data", category: "extraction",
			description: "Reads numbers, dates, parties, lines and sums out of the text of an invoice",
			system: "You read invoices. Report number, dates, seller, buyer, each line with quantity, price and sum, taxes, total and currency. Write " +
				"dates as YYYY-MM-DD and amounts as plain numbers; what is not there is null." + justJSON,
			format: "json", tags: []string{"invoice", "extraction", "finance", "document"},
			variables: []variable{{name: "invoice_text", says: "The text of the invoice, as it was recognized", required: true}},
		},
	}
}

// writing are the templates that make a new text.
func writing() []template {
	formats := []string{"JSON", "CSV", "XML", "YAML"}
	return []template{
		{
			id: "translate_formal", name: "Formal Translation", category: "translation",
			description: "Translates a text into formal business language",
			system: "You translate business texts. Keep meaning, names, numbers and layout; write formally and as a native reader expects. Note what " +
				"could be read in two ways." + justJSON,
			format: "json", tags: []string{"translation", "formal", "business"},
			variables: []variable{
				{name: "text", says: "The text to translate", required: true},
				{name: "source_language", says: "The language it is in", value: "auto-detect"},
				{name: "target_language", says: "The language to translate into", required: true, examples: []string{"English", "German", "French"}},
			},
		},
		{
			id: "generate_email", name: "Generate Professional Email", category: "generation",
			description: "Writes a business message for a purpose",
			system: "You write business messages that are clear, polite and short. Begin with a subject line, then greeting, body and closing. Make up " +
				"no facts.",
			format: "text", tags: []string{"email", "generation", "business"},
			variables: []variable{
				{name: "purpose", says: "What the message is for", required: true, examples: []string{"Ask for a meeting", "Thank for an order"}},
				{name: "recipient", says: "Who it is for", required: true, examples: []string{"customer", "supplier", "colleague"}},
				{name: "key_points", says: "What it must say", required: true},
				{name: "tone", says: "How it should sound", value: "professional", examples: []string{"formal", "friendly", "urgent"}},
				{name: "additional_context", says: "What else to know", value: ""},
			},
		},
		{
			id: "convert_data_format", name: "Convert Data Format", category: "conversion",
			description: "Turns data from one format into another",
			system: "You convert data. Change the format and nothing else: no value is lost, added or rounded. Answer with the converted data and " +
				"nothing else.",
			format: "text", tags: []string{"conversion", "data", "format"},
			variables: []variable{
				{name: "data", says: "The data", required: true},
				{name: "source_format", says: "The format it is in", required: true, examples: formats},
				{name: "target_format", says: "The format it should have", required: true, examples: formats},
				{name: "conversion_rules", says: "What to do with single fields", value: ""},
			},
		},
	}
}
