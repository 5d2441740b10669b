// Package clock holds the node types for dates and times. They compute as Python's datetime does (see package pytime). A time
// without an offset is one of the robot's own zone, which is that of the run's clock.
package clock

import _ "time/tzdata" // zones by name also where the system has no zone files
