package workflow

import (
	"fmt"
	"strings"

	"casare"
)

// The codes of problems. The texts are a contract with clients and the designer.
const (
	CodeInvalidJSON       = "INVALID_JSON"           // not JSON at all
	CodeInvalidType       = "INVALID_TYPE"           // a value of the wrong kind
	CodeMissingKey        = "MISSING_REQUIRED_KEY"   // a top-level key is missing
	CodeMissingField      = "MISSING_REQUIRED_FIELD" // a field of a step or connection is missing
	CodeLimit             = "LIMIT_EXCEEDED"
	CodeIDMismatch        = "NODE_ID_MISMATCH" // repaired: the key is the id
	CodeDuplicateID       = "DUPLICATE_NODE_ID"
	CodeUnknownType       = "UNKNOWN_NODE_TYPE"
	CodeUnsupportedType   = "UNSUPPORTED_NODE_TYPE" // known to CasareRPA, not part of this robot
	CodeInvalidConfig     = "INVALID_CONFIG"
	CodeOrphaned          = "ORPHANED_CONNECTION"
	CodeSelf              = "SELF_CONNECTION"
	CodeEmpty             = "EMPTY_WORKFLOW"
	CodeCycle             = "CIRCULAR_DEPENDENCY"
	CodeSchemaVersion     = "SCHEMA_VERSION_MISMATCH"
	CodeMissingName       = "MISSING_NAME"
	CodeNameTooLong       = "NAME_TOO_LONG"
	CodeInvalidPosition   = "INVALID_POSITION"
	CodeInvalidSetting    = "INVALID_SETTING"
	CodeInvalidVariable   = "INVALID_VARIABLE"
	CodeDuplicateWire     = "DUPLICATE_CONNECTION"
	CodeNoEntry           = "NO_ENTRY_POINT"
	CodeUnreachable       = "UNREACHABLE_NODES"
	CodeInvalidSourcePort = "INVALID_SOURCE_PORT"
	CodeInvalidTargetPort = "INVALID_TARGET_PORT"
	CodeCrossesBranch     = "CROSSES_BRANCH" // a step in a branch leaves a loop around it
	CodeInvalidPair       = "INVALID_PAIR"   // a paired_* key names no step
	// And one per body or branch that leads nowhere: LOOP_BODY_NOT_CONNECTED, TRY_BODY_NOT_CONNECTED, IF_TRUE_NOT_CONNECTED…
	suffixNotConnected = "_NOT_CONNECTED"
)

// Problem is one fault of a document. A warning does not keep the document from running.
type Problem struct {
	Code    string `json:"code"`
	Step    string `json:"step,omitempty"`  // id of the step at fault, "" when it is not a step's
	Field   string `json:"field,omitempty"` // of the step, or of the document: "config.duration", "connections[3]"
	Message string `json:"message"`         // one sentence that names the step and field itself
	Warning bool   `json:"warning,omitempty"`
}

// String prints the problem as "CODE: sentence", the form old clients show.
func (p Problem) String() string { return p.Code + ": " + p.Message }

// Path is where the problem is, from the top of the document: "nodes.log_1.config.level"; "" for the document as a whole.
func (p Problem) Path() string {
	switch {
	case p.Step == "":
		return p.Field
	case p.Field == "":
		return "nodes." + p.Step
	default:
		return "nodes." + p.Step + "." + p.Field
	}
}

// Errors returns the problems that are not warnings, in their order.
func Errors(ps []Problem) []Problem {
	var out []Problem
	for _, p := range ps {
		if !p.Warning {
			out = append(out, p)
		}
	}
	return out
}

// mostTold bounds the sentences in the message of Err; a document can have thousands of faults.
const mostTold = 20

// Err returns nil when ps holds no error, else a *casare.Error of CodeValidation whose message joins "CODE: sentence" of the first
// errors by "; " and whose Problems carry all of them one by one.
func Err(ps []Problem) error {
	errs := Errors(ps)
	if len(errs) == 0 {
		return nil
	}
	texts := make([]string, 0, mostTold+1)
	fields := make([]casare.Problem, len(errs))
	for i, p := range errs {
		fields[i] = casare.Problem{Field: p.Path(), Message: p.String()}
		if i < mostTold {
			texts = append(texts, p.String())
		}
	}
	if more := len(errs) - mostTold; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	err := casare.Errorf(casare.CodeValidation, "%s", strings.Join(texts, "; "))
	err.Problems = fields
	return err
}
