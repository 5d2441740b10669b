// Package scheduler decides, on the leader, which robot runs which job, and when a robot is lost.
package scheduler
