package workflow

// CodeAlwaysRuns warns of steps behind a finally that run although an error is pending.
const CodeAlwaysRuns = "FINALLY_BODY_ALWAYS_RUNS"

// looseBodies warns of a construct without steps. Of several bodies the first is what the step is for; the others may be left out.
func (c *checker) looseBodies(s *Step, ports Ports) {
	if len(ports.Bodies) > 0 && !c.graph.Wired(s.ID, ports.Bodies[0]) {
		body := ports.Bodies[0]
		c.warn(looseCode(body), s.ID, body, "Nothing is connected to the port %q of step %s, so it does nothing.", body, s.ID)
	}
	body := ports.Part.Body
	if body == "" {
		return
	}
	if !c.graph.Wired(s.ID, body) {
		c.warn(looseCode(body), s.ID, body, "Nothing is connected to the port %q of step %s, so it does nothing.", body, s.ID)
		return
	}
	if ports.Part.Kind != PartFinally || c.graph.Wired(s.ID, PortOut) {
		return
	}
	if behind := c.graph.AfterFlow(c.graph.Follow(s.ID, body)...); len(behind) > 1 {
		c.warn(CodeAlwaysRuns, s.ID, body,
			"Everything behind the port %q of step %s runs also when an error is left, before the error goes on. Connect what is to run only without one to its port %q.",
			body, s.ID, PortOut)
	}
}
