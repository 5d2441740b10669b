package workflow

// typeReroute is the type of a dot on a wire. The designer draws one on wires that carry control as on those that carry values, and
// names its ports in and out on both.
const typeReroute = "RerouteNode"

// dots lets control enter the dots that it leaves: a wire that leads to the in of such a dot carries control.
func dots(steps []*Step, wires []Wire) {
	isDot := make(map[string]bool)
	for _, s := range steps {
		if s.Type == typeReroute {
			isDot[s.ID] = true
		}
	}
	if len(isDot) == 0 {
		return
	}
	into := make(map[string][]int) // dot -> wires that lead to its in
	var passed []string            // dots that control leaves
	for i, w := range wires {
		if isDot[w.To] && w.ToPort == "in" {
			into[w.To] = append(into[w.To], i)
		}
		if isDot[w.From] && w.Flow() {
			passed = append(passed, w.From)
		}
	}
	for len(passed) > 0 {
		dot := passed[0]
		passed = passed[1:]
		for _, i := range into[dot] {
			wires[i].ToPort = PortIn
			if isDot[wires[i].From] {
				passed = append(passed, wires[i].From)
			}
		}
		delete(into, dot)
	}
}
