package trigger

import "casare/node"

func init() { node.Register("FormTriggerNode", newTrigger[form]) }

type form struct{}

// about implements about.
func (form) about() about {
	return about{
		title: "Form Trigger",
		doc:   "Begins a run when somebody sends a form.",
		params: []param{
			{name: "form_title", help: "The heading of the form.", or: "Submit Data"},
			{name: "form_description", help: "The text above the form.", or: ""},
			{name: "form_fields", help: "The fields of the form, as a JSON list.", or: `[{"name": "data", "type": "text", "label": "Data", "required": true}]`},
			{name: "submit_button_text", help: "The text of the button.", or: "Submit"},
			{name: "success_message", help: "What is shown after sending.", or: "Form submitted successfully"},
			{name: "require_auth", help: "Only who is logged in may send it.", kind: node.KindBool, or: false},
		},
		outputs: []output{
			{"form_data", node.KindDict, "What was filled in."},
			{"submitted_at", node.KindText, "When it was sent."},
			{"user_id", node.KindText, "Who it was, by id."},
			{"ip_address", node.KindText, "Address of who sent it."},
		},
	}
}
