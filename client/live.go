package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"

	"casare"
)

// Update is one thing that happened to a job: exactly one of Job, Step, Line and Debug is set. Job is what the feed tells: no result.
type Update struct {
	Job    *Job
	Step   *casare.StepEvent
	Line   *casare.LogLine
	Debug  *casare.DebugStop // its debugger has stopped it, or let it go on
	Cursor string            // what to pass as since to go on after this update
}

// frame is a message of /ws/jobs/{id}.
type frame struct {
	Type   string            `json:"type"`
	Cursor string            `json:"cursor"`
	Job    *Job              `json:"job"`
	Step   *casare.StepEvent `json:"step"`
	Line   *casare.LogLine   `json:"line"`
	Debug  *casare.DebugStop `json:"debug"`
	Final  bool              `json:"final"`
}

const (
	maxFrame    = 8 << 20
	dialTimeout = 30 * time.Second
)

// Watch calls each with what happens to a job, beginning with where it stands (and, without since, with the log so far), until
// the job has ended (nil), each returns an error (that one), or ctx ends. A lost connection is taken up again after the last
// update, at any URL, until the client's patience has passed without one.
func (c *Client) Watch(ctx context.Context, jobID, since string, each func(Update) error) error {
	if len(c.urls) == 0 {
		return casare.Errorf(casare.CodeInvalid, "no URL of a robot is given").On("url")
	}
	deadline := time.Now().Add(c.patience)
	pause := firstPause
	for {
		before := since
		done, err := c.watchOnce(ctx, jobID, &since, each)
		if done || err != nil && !repeatable(err) {
			return err
		}
		if since != before {
			deadline, pause = time.Now().Add(c.patience), firstPause
		}
		if time.Now().After(deadline) {
			return err
		}
		c.current.Add(1)
		select {
		case <-ctx.Done():
			return casare.Errorf(casare.CodeTimeout, "watch job %s: %w", jobID, context.Cause(ctx))
		case <-time.After(pause):
			pause = min(2*pause, lastPause)
		}
	}
}

// watchOnce follows one connection. It says whether there is nothing more to follow.
func (c *Client) watchOnce(ctx context.Context, jobID string, since *string, each func(Update) error) (bool, error) {
	conn, err := c.dial(ctx, jobID, *since)
	if err != nil {
		return false, err
	}
	defer conn.CloseNow() //nolint:errcheck // what is lost with the connection is asked for again
	conn.SetReadLimit(maxFrame)
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return true, casare.Errorf(casare.CodeTimeout, "watch job %s: %w", jobID, context.Cause(ctx))
			}
			return false, casare.Errorf(casare.CodeUnavailable, "the connection to %s was lost: %w", c.url(), err)
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			return true, casare.Errorf(casare.CodeInternal, "a message of %s is not what this version understands: %w", c.url(), err)
		}
		if f.Job != nil || f.Step != nil || f.Line != nil || f.Debug != nil {
			if err := each(Update{Job: f.Job, Step: f.Step, Line: f.Line, Debug: f.Debug, Cursor: f.Cursor}); err != nil {
				return true, err
			}
		}
		if f.Cursor != "" {
			*since = f.Cursor
		}
		if f.Final {
			return true, nil
		}
	}
}

func (c *Client) dial(ctx context.Context, jobID, since string) (*websocket.Conn, error) {
	header := http.Header{}
	c.authorize(header)
	target := c.url() + "/ws/jobs/" + url.PathEscape(jobID)
	if since != "" {
		target += "?since=" + url.QueryEscape(since)
	}
	// The client's own time limit would end the connection itself, so the handshake has one of its own.
	web := *c.http
	web.Timeout = 0
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, target, &websocket.DialOptions{HTTPClient: &web, HTTPHeader: header})
	if err == nil {
		return conn, nil
	}
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close() // the library has read what there is; closing changes nothing but says so
		if resp.StatusCode >= http.StatusBadRequest {
			return nil, refused(resp)
		}
	}
	return nil, casare.Errorf(casare.CodeUnavailable, "no answer from %s: %w", c.url(), err)
}

// refused reads the error of a handshake that was answered with something else than 101.
func refused(resp *http.Response) error {
	body := make([]byte, 64<<10)
	n, err := resp.Body.Read(body)
	if n == 0 && err != nil {
		return failure(resp.StatusCode, nil)
	}
	return failure(resp.StatusCode, body[:n])
}

// errEnded stops a watch whose job has ended.
var errEnded = errors.New("the job has ended")

// WaitJob waits until a job has ended, or until a person must decide, and returns it with its result. How long is up to ctx.
func (c *Client) WaitJob(ctx context.Context, id string) (Job, error) {
	err := c.Watch(ctx, id, "", func(u Update) error {
		if u.Job != nil && (u.Job.State.Terminal() || u.Job.State == casare.JobNeedsAttention) {
			return errEnded
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnded) {
		return Job{}, err
	}
	return c.Job(ctx, id)
}
