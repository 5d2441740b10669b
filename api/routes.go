package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// policy says who may use a route. The zero policy is none, and a route without one is refused.
type policy int

const (
	policyOpen  policy = iota + 1 // anybody
	policyKey                     // any valid API key
	policyAdmin                   // a key with the role admin
)

// place says who answers a route.
type place int

const (
	placeHere  place = iota + 1 // this robot, whatever it knows
	placeNear                   // this robot if it holds the state, else the leader
	placeRead                   // the leader, unless the request accepts a stale answer
	placeWrite                  // the leader
	placeLive                   // a WebSocket: the leader, pumped through this robot
	placeFile                   // this robot if its copy of the state knows the file, else the leader; never held whole
)

// bodyClass bounds the body of a request.
type bodyClass int

const (
	bodyNone bodyClass = iota // what comes is read and forgotten
	bodySmall
	bodyDocument
	bodyBatch
)

// limit is the most bytes a body of the class may have.
func (b bodyClass) limit() int64 {
	switch b {
	case bodyNone, bodySmall:
		return 1 << 20
	case bodyDocument:
		return 512 << 10
	case bodyBatch:
		return 64 << 20
	}
	return 0
}

// route is one line of the table. Exactly one of huma, plain and live is set.
type route struct {
	method string
	paths  []string // the first is canonical; the others are what other clients call it
	policy policy
	place  place
	body   bodyClass
	huma   registrar
	plain  func(a *API) gin.HandlerFunc
	live   stream
	id     string // of the operation in the OpenAPI document
	tag    string
	about  string
	asks   bool // a POST that only asks something: it changes nothing
}

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// routes is the table of everything the API serves: nothing is registered elsewhere.
func routes() []route {
	table := append(jobRoutes(), fleetRoutes()...)
	table = append(table, debugRoutes()...)
	table = append(table, workflowRoutes()...)
	table = append(table, typeRoutes()...)
	table = append(table, adminRoutes()...)
	table = append(table, liveRoutes()...)
	return append(table, openRoutes()...)
}

func jobRoutes() []route {
	return []route{
		{
			method: post, paths: []string{"/api/v1/jobs/submit", "/api/v1/jobs", "/api/jobs/submit", "/api/jobs"},
			policy: policyKey, place: placeWrite, body: bodyDocument, huma: withBody[submitBody]((*API).submitJob),
			id: "submit-job", tag: "jobs", about: "Queue a job: of the document given, or of a stored workflow",
		},
		{
			method: post, paths: []string{"/api/v1/jobs/batch"},
			policy: policyKey, place: placeWrite, body: bodyBatch, huma: withBody[batchBody]((*API).submitBatch),
			id: "submit-jobs", tag: "jobs", about: "Queue up to 1,000 jobs, each by itself",
		},
		{
			method: get, paths: []string{"/api/v1/jobs", "/api/jobs"},
			policy: policyKey, place: placeRead, huma: operation((*API).listJobs),
			id: "list-jobs", tag: "jobs", about: "List jobs, newest first",
		},
		{
			method: get, paths: []string{"/api/v1/jobs/{id}", "/api/jobs/{id}"},
			policy: policyKey, place: placeRead, huma: operation((*API).getJob),
			id: "get-job", tag: "jobs", about: "One job with its result",
		},
		{
			method: get, paths: []string{"/api/v1/jobs/{id}/logs", "/api/jobs/{id}/logs"},
			policy: policyKey, place: placeRead, huma: operation((*API).getLog),
			id: "get-job-log", tag: "jobs", about: "The log of a job; follow it with /ws/jobs/{id}",
		},
		{
			method: get, paths: []string{"/api/v1/jobs/{id}/steps"},
			policy: policyKey, place: placeRead, huma: operation((*API).getSteps),
			id: "get-job-steps", tag: "jobs", about: "What the steps of a job did, as far as it is kept; follow it with /ws/jobs/{id}",
		},
		{
			method: get, paths: []string{"/api/v1/jobs/{id}/checkpoints"},
			policy: policyKey, place: placeRead, huma: operation((*API).listCheckpoints),
			id: "list-checkpoints", tag: "jobs", about: "The points of a job that are kept, to run it again from",
		},
		{
			method: post, paths: []string{"/api/v1/jobs/{id}/rerun"},
			policy: policyKey, place: placeWrite, body: bodyDocument, huma: withBody[rerunBody]((*API).rerunJob),
			id: "rerun-job", tag: "jobs", about: "Run a job again from a checkpoint, with other variables",
		},
		{
			method: get, paths: []string{"/api/v1/jobs/{id}/artifacts"},
			policy: policyKey, place: placeRead, huma: operation((*API).listArtifacts),
			id: "list-artifacts", tag: "jobs", about: "The files that are kept of a job",
		},
		{
			method: get, paths: []string{"/api/v1/blobs/{id}"},
			policy: policyKey, place: placeFile, plain: blob, id: "get-blob",
		},
		{
			method: post, paths: []string{"/api/v1/jobs/{id}/cancel", "/api/jobs/{id}/cancel"},
			policy: policyKey, place: placeWrite, body: bodySmall, huma: withBody[cancelBody]((*API).cancelJob),
			id: "cancel-job", tag: "jobs", about: "Ask for a job's end",
		},
		{
			method: post, paths: []string{"/api/v1/jobs/{id}/resolve"},
			policy: policyKey, place: placeWrite, body: bodySmall, huma: withBody[resolveBody]((*API).resolveJob),
			id: "resolve-job", tag: "jobs", about: "Decide how a job goes on that needs attention",
		},
		{
			method: get, paths: []string{"/api/v1/metrics/jobs"},
			policy: policyKey, place: placeRead, huma: operation((*API).listJobMetrics),
			id: "list-job-metrics", tag: "metrics", about: "Jobs as a bare list, newest first",
		},
		{
			method: get, paths: []string{"/api/v1/metrics/jobs/{id}"},
			policy: policyKey, place: placeRead, huma: operation((*API).getJob),
			id: "get-job-metrics", tag: "metrics", about: "One job with its result",
		},
	}
}

func workflowRoutes() []route {
	return []route{
		{
			method: post, paths: []string{"/api/v1/workflows"},
			policy: policyKey, place: placeWrite, body: bodyDocument, huma: withBody[workflowBody]((*API).saveWorkflow),
			id: "save-workflow", tag: "workflows", about: "Store a workflow and, with trigger_type manual, queue a job of it",
		},
		{
			method: get, paths: []string{"/api/v1/workflows"},
			policy: policyKey, place: placeRead, huma: operation((*API).listWorkflows),
			id: "list-workflows", tag: "workflows", about: "List workflows",
		},
		{
			method: get, paths: []string{"/api/v1/workflows/{id}"},
			policy: policyKey, place: placeRead, huma: operation((*API).getWorkflow),
			id: "get-workflow", tag: "workflows", about: "One workflow with its document",
		},
	}
}

func fleetRoutes() []route {
	return []route{
		{
			method: get, paths: []string{"/api/v1/robots", "/api/robots"},
			policy: policyKey, place: placeRead, huma: operation((*API).listRobots),
			id: "list-robots", tag: "robots", about: "List robots",
		},
		{
			method: get, paths: []string{"/api/v1/robots/{id}", "/api/robots/{id}"},
			policy: policyKey, place: placeRead, huma: operation((*API).getRobot),
			id: "get-robot", tag: "robots", about: "One robot",
		},
		{
			method: get, paths: []string{"/api/v1/metrics/robots"},
			policy: policyKey, place: placeRead, huma: operation((*API).listRobotMetrics),
			id: "list-robot-metrics", tag: "metrics", about: "Robots as a bare list",
		},
		{
			method: get, paths: []string{"/api/v1/metrics/robots/{id}"},
			policy: policyKey, place: placeRead, huma: operation((*API).getRobotMetrics),
			id: "get-robot-metrics", tag: "metrics", about: "One robot with what it did today",
		},
		{
			method: get, paths: []string{"/api/v1/metrics/fleet"},
			policy: policyKey, place: placeRead, huma: operation((*API).fleetMetrics),
			id: "get-fleet-metrics", tag: "metrics", about: "The fleet in numbers",
		},
		{
			method: get, paths: []string{"/api/v1/mesh"},
			policy: policyKey, place: placeNear, huma: operation((*API).getMesh),
			id: "get-mesh", tag: "mesh", about: "The mesh as the robot that answers sees it",
		},
	}
}

func typeRoutes() []route {
	return []route{
		{
			method: get, paths: []string{"/api/v1/nodes"},
			policy: policyKey, place: placeNear, huma: operation((*API).listTypes),
			id: "list-node-types", tag: "node types", about: "List node types with their ports, properties and examples",
		},
		{
			method: get, paths: []string{"/api/v1/nodes/{id}"},
			policy: policyKey, place: placeNear, huma: operation((*API).getType),
			id: "get-node-type", tag: "node types", about: "One node type, by its name or an alias",
		},
		{
			method: post, paths: []string{"/api/v1/nodes/{id}/ports"},
			policy: policyKey, place: placeNear, asks: true, body: bodyDocument, huma: withBody[portsBody]((*API).getPorts),
			id: "get-node-ports", tag: "node types", about: "The ports that a step of the type has with this config",
		},
		{
			method: post, paths: []string{"/api/v1/workflows/check"},
			policy: policyKey, place: placeNear, asks: true, body: bodyDocument, huma: withBody[checkBody]((*API).checkWorkflow),
			id: "check-workflow", tag: "workflows", about: "Every fault of a document, and what CasareRPA did differently; stores nothing",
		},
	}
}

func adminRoutes() []route {
	return []route{
		{
			method: post, paths: []string{"/api/v1/tokens"},
			policy: policyAdmin, place: placeWrite, body: bodySmall, huma: withBody[tokenBody]((*API).createToken),
			id: "create-token", tag: "mesh", about: "Make a join token; its text is shown once",
		},
		{
			method: get, paths: []string{"/api/v1/keys"},
			policy: policyAdmin, place: placeRead, huma: operation((*API).listKeys),
			id: "list-keys", tag: "keys", about: "List API keys",
		},
		{
			method: post, paths: []string{"/api/v1/keys"},
			policy: policyAdmin, place: placeWrite, body: bodySmall, huma: withBody[keyBody]((*API).createKey),
			id: "create-key", tag: "keys", about: "Make an API key; its text is shown once",
		},
		{
			method: del, paths: []string{"/api/v1/keys/{id}"},
			policy: policyAdmin, place: placeWrite, huma: operation((*API).revokeKey),
			id: "revoke-key", tag: "keys", about: "End an API key",
		},
		{
			method: get, paths: []string{"/api/v1/secrets"},
			policy: policyAdmin, place: placeRead, huma: operation((*API).listSecrets),
			id: "list-secrets", tag: "secrets", about: "List secrets by name; their texts are never shown",
		},
		{
			method: put, paths: []string{"/api/v1/secrets/{id}"},
			policy: policyAdmin, place: placeWrite, body: bodySmall, huma: withBody[secretBody]((*API).putSecret),
			id: "put-secret", tag: "secrets", about: "Add a secret or replace its text; workflows use it as {{$secret:name}}",
		},
		{
			method: del, paths: []string{"/api/v1/secrets/{id}"},
			policy: policyAdmin, place: placeWrite, huma: operation((*API).deleteSecret),
			id: "delete-secret", tag: "secrets", about: "Forget a secret; jobs that run have it still",
		},
	}
}

func liveRoutes() []route {
	line := func(about string, live stream, paths ...string) route {
		for _, p := range paths { // WebSocket clients follow no redirect
			paths = append(paths, p+"/")
		}
		return route{
			method: get, paths: paths, policy: policyKey, place: placeLive, live: live,
			id:  "watch-" + strings.ReplaceAll(strings.Trim(strings.TrimPrefix(paths[0], "/ws/"), "/{}id"), "/", "-"),
			tag: "live", about: about,
		}
	}
	return []route{
		line("Jobs, robots and the queue as they change", (*API).streamJobs,
			"/ws/live-jobs", "/ws/monitoring/live-jobs", "/api/v1/ws/live-jobs"),
		line("Robots as they change", (*API).streamRobots,
			"/ws/robot-status", "/ws/monitoring/robot-status", "/api/v1/ws/robot-status"),
		line("The queue in numbers", (*API).streamQueue,
			"/ws/queue-metrics", "/ws/monitoring/queue-metrics", "/api/v1/ws/queue-metrics"),
		line("Steps, log lines and state of one job", (*API).streamJob, "/ws/jobs/{id}"),
	}
}

func openRoutes() []route {
	return []route{
		{
			method: get, paths: []string{"/health", "/health/live", "/api/v1/health"},
			policy: policyOpen, place: placeHere, huma: operation((*API).health),
			id: "get-health", tag: "health", about: "Whether this robot serves",
		},
		{
			method: get, paths: []string{"/health/ready", "/ready"},
			policy: policyOpen, place: placeHere, huma: operation((*API).ready),
			id: "get-ready", tag: "health", about: "Whether this robot reaches a leader",
		},
		{method: get, paths: []string{"/"}, policy: policyOpen, place: placeHere, plain: home, id: "home"},
		{method: get, paths: []string{"/openapi.json"}, policy: policyOpen, place: placeHere, plain: openAPI, id: "openapi"},
		{method: get, paths: []string{"/docs", "/docs/{file}"}, policy: policyOpen, place: placeHere, plain: docs, id: "docs"},
	}
}

// routeKey finds a route by what gin says it matched.
type routeKey struct{ method, path string }

// ginPath is a path of the table in gin's notation.
func ginPath(path string) string {
	return strings.ReplaceAll(strings.ReplaceAll(path, "{", ":"), "}", "")
}

// register puts the whole table into the router and returns it by what gin calls each line.
func (a *API) register(engine *gin.Engine, h huma.API) map[routeKey]*route {
	byPath := map[routeKey]*route{}
	for _, r := range routes() {
		for i, path := range r.paths {
			byPath[routeKey{r.method, ginPath(path)}] = &r
			op := huma.Operation{
				Method: r.method, Path: path, OperationID: r.id, Summary: r.about, Tags: []string{r.tag}, Hidden: i > 0,
				// The front has read the body before huma could; were it ever to read one, these are the bounds.
				MaxBodyBytes: r.body.limit() + 1, BodyReadTimeout: bodyTimeout,
			}
			switch {
			case r.huma != nil:
				r.huma(a, h, op)
			case r.plain != nil:
				engine.Handle(r.method, ginPath(path), r.plain(a))
			default:
				engine.Handle(r.method, ginPath(path), a.liveHandler(r.live))
				if i == 0 {
					describeLive(h, op)
				}
			}
		}
	}
	return byPath
}

// describeLive makes the OpenAPI entry of a WebSocket, which huma cannot know.
func describeLive(h huma.API, op huma.Operation) {
	op.Responses = map[string]*huma.Response{"101": {Description: "WebSocket: a snapshot first, then changes, each with a cursor"}}
	text := &huma.Schema{Type: huma.TypeString}
	op.Parameters = []*huma.Param{
		{Name: "since", In: "query", Schema: text, Description: "Cursor of the last frame seen: go on after it, without a snapshot"},
		{Name: "token", In: "query", Schema: text, Description: "API key, for clients that cannot send headers"},
	}
	if strings.Contains(op.Path, "{id}") {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "id", In: "path", Required: true, Schema: text})
	}
	h.OpenAPI().AddOperation(&op)
}
