package raftstore

const killVariable = "CASARE_RAFTSTORE_KILL_AT"

func installAndDie() {}
