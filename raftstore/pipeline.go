package raftstore

import (
	"sync"

	"github.com/hashicorp/raft"
)

// pipeline closes a pipeline of raft's transport with the first answer after which raft reads no more. Raft stops reading when an
// append is refused or the term is over, but the goroutine that sends may stand in AppendEntries then, waiting for somebody to read
// the answers before its own: replication to that peer would stand still for as long as this robot leads, and Stop would wait for it.
type pipeline struct {
	raft.AppendPipeline
	answers chan raft.AppendFuture
	closed  chan struct{}
	once    sync.Once
}

// AppendEntriesPipeline implements raft.Transport.
func (t *transport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	inner, err := t.NetworkTransport.AppendEntriesPipeline(id, target)
	if err != nil {
		return nil, err
	}
	p := &pipeline{AppendPipeline: inner, answers: make(chan raft.AppendFuture), closed: make(chan struct{})}
	go p.forward() // until Close, which raft calls for every pipeline
	return p, nil
}

// Consumer implements raft.AppendPipeline.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.answers }

// Close implements raft.AppendPipeline.
func (p *pipeline) Close() error {
	p.once.Do(func() { close(p.closed) })
	return p.AppendPipeline.Close()
}

func (p *pipeline) forward() {
	for {
		var answer raft.AppendFuture
		select {
		case answer = <-p.AppendPipeline.Consumer():
		case <-p.closed:
			return
		}
		request, response := answer.Request(), answer.Response()
		last := response.Term > request.Term || !response.Success
		select {
		case p.answers <- answer:
		case <-p.closed:
			return
		}
		if last {
			_ = p.AppendPipeline.Close() // raft closes it too, and looks at no error either
			return
		}
	}
}
