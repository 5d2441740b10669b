package trigger

import "casare/node"

func init() { node.Register("WebhookTriggerNode", newTrigger[webhook]) }

type webhook struct{}

// about implements about.
func (webhook) about() about {
	return about{
		title: "Webhook Trigger",
		doc:   "Begins a run when a request arrives.",
		params: []param{
			{name: "endpoint", help: "The path of the address.", or: ""},
			{name: "methods", help: "The HTTP methods that count, separated by commas.", or: "POST"},
			{name: "auth_type", help: "How callers prove who they are.", or: "none", choices: []string{"none", "basic", "header", "jwt"}},
			{name: "auth_header_name", help: "The header that holds the proof.", or: "X-API-Key"},
			{name: "auth_header_value", help: "What the header must hold.", kind: node.KindSecret},
			{name: "basic_username", help: "User name for basic authentication.", or: ""},
			{name: "basic_password", help: "Password for basic authentication.", kind: node.KindSecret},
			{name: "jwt_secret", help: "The key that tokens are signed with.", kind: node.KindSecret},
			{name: "cors_enabled", help: "Browsers of other sites may call.", kind: node.KindBool, or: false},
			{name: "cors_origins", help: "The sites that may call.", or: "*"},
			{name: "ip_whitelist", help: "The addresses that may call, separated by commas; empty for all.", or: ""},
			{name: "ip_blacklist", help: "The addresses that may not call, separated by commas.", or: ""},
			{name: "response_mode", help: "When the caller is answered.", or: "immediate", choices: []string{"immediate", "wait_for_workflow", "custom"}},
			{name: "response_code", help: "The status of the answer.", kind: node.KindInt, or: 200},
			{name: "response_body", help: "The body of the answer.", or: `{"status": "received"}`},
			{name: "binary_data_enabled", help: "Bodies that are no text are taken.", kind: node.KindBool, or: false},
			{name: "max_payload_size", help: "Most bytes of a body.", kind: node.KindInt, or: 16777216},
		},
		outputs: []output{
			{"payload", node.KindDict, "The body of the request."},
			{"headers", node.KindDict, "Its headers."},
			{"query_params", node.KindDict, "Its query."},
			{"method", node.KindText, "Its method."},
			{"path", node.KindText, "Its path."},
			{"client_ip", node.KindText, "Address of who called."},
		},
	}
}
