// Package control holds the node types that decide where control goes: branches, loops, and what to do about errors.
package control

import "casare/node"

// The ports these types share; documents use the names.
const (
	portBody      = "body"
	portCompleted = "completed"
	portDefault   = "default"
	portTrue      = "true"
	portFalse     = "false"
)

// conditionFields declares the two ways to give a condition.
func conditionFields(s *node.Spec, condition, expression *node.Expr) {
	s.Expr(node.In, condition, "condition").Port(node.KindAny).Shown(node.Essential).
		Says("A value that counts as true or false; in the form an expression.")
	s.Expr(node.Param, expression, "expression").Shown(node.Essential).
		Says("An expression such as {{count}} > 3, used when there is no condition.")
}
