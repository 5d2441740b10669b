// Package all links every node type into a program: import it for its effect on node.Default. A new category is one folder and
// one line here.
package all

import (
	_ "casare/nodes/basic"
	_ "casare/nodes/clock"
	_ "casare/nodes/control"
	_ "casare/nodes/data"
	_ "casare/nodes/document"
	_ "casare/nodes/fault"
	_ "casare/nodes/file"
	_ "casare/nodes/mail"
	_ "casare/nodes/prompt"
	_ "casare/nodes/random"
	_ "casare/nodes/script"
	_ "casare/nodes/subflow"
	_ "casare/nodes/system"
	_ "casare/nodes/text"
	_ "casare/nodes/trigger"
	_ "casare/nodes/utility"
	_ "casare/nodes/variable"
	_ "casare/nodes/web"
)
