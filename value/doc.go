// Package value is the one model of what a workflow computes with: variables, configuration, outputs, results, checkpoints.
//
// A Value is one of nil, bool, int64, *big.Int (only where int64 does not hold it), float64, string, Bytes, List, *Dict, Secret
// or Handle. Values are immutable: whoever wants a change makes a new value, so a value may be shared by any number of
// goroutines, variables and checkpoints without a copy.
//
// The kinds matter because workflows see them: 15 and 15.0 print differently, a dict keeps the order in which its keys were
// set, integers have no upper bound. encoding/json and map[string]any lose all three, so documents, variables and results pass
// through ParseJSON and AppendJSON (or EncodeCBOR and DecodeCBOR) and nothing else.
//
// Printing, comparison, truth and conversion are Python's, because the workflows were written against it: Str and Repr give
// the text that str() and repr() of CPython 3.11 give, and an error carries the name of the exception (FaultError).
package value
