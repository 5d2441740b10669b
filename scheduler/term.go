package scheduler

type term struct{}
