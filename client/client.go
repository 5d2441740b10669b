package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"casare"
)

// Limits of one answer and of the pauses between tries.
const (
	maxAnswer  = 80 << 20
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
)

// Config says how to reach a mesh. Zero fields but URLs have defaults.
type Config struct {
	URLs     []string      // "http://host:port" or "host:port"; at least one
	Key      string        // API key; "" sends none
	Patience time.Duration // how long a call is repeated while nobody answers; default 30 s
	HTTP     *http.Client  // default: its own, with a limit of 40 s a request (a robot answers within 25 s)
}

// Client calls the API. It may be used from several goroutines.
type Client struct {
	urls     []string
	key      string
	patience time.Duration
	http     *http.Client
	current  atomic.Uint32 // index of the URL that answered last
}

// New returns a client for a mesh that any of urls reaches. A URL that makes no sense is an error of the first call.
func New(key string, urls ...string) *Client { return NewWith(Config{Key: key, URLs: urls}) }

// NewWith returns a client. A URL that makes no sense is an error of the first call.
func NewWith(cfg Config) *Client {
	c := &Client{key: cfg.Key, patience: cmp.Or(cfg.Patience, 30*time.Second), http: cfg.HTTP}
	if c.http == nil {
		c.http = &http.Client{Timeout: 40 * time.Second, Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second,
		}}
	}
	for _, u := range cfg.URLs {
		if !strings.Contains(u, "://") {
			u = "http://" + u
		}
		c.urls = append(c.urls, strings.TrimRight(u, "/"))
	}
	return c
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// call is one request, which may be sent several times.
type call struct {
	method string
	path   string
	query  url.Values
	body   any    // encoded as JSON; nil sends none
	key    string // Idempotency-Key
	out    any    // decoded from JSON; nil drops the answer
}

// do sends the call until somebody answers it, and decodes the answer.
func (c *Client) do(ctx context.Context, call call) error {
	if len(c.urls) == 0 {
		return casare.Errorf(casare.CodeInvalid, "no URL of a robot is given").On("url")
	}
	var body []byte
	if call.body != nil {
		var err error
		if body, err = json.Marshal(call.body); err != nil {
			return casare.Errorf(casare.CodeInvalid, "encode the request: %w", err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.patience, errPatience)
	defer cancel()
	pause := firstPause
	for try := 1; ; try++ {
		err := c.once(ctx, call, body)
		if err == nil || !repeatable(err) {
			return err
		}
		c.current.Add(1)
		if try%len(c.urls) != 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ended(ctx, err)
		case <-time.After(pause):
			pause = min(2*pause, lastPause)
		}
	}
}

var errPatience = errors.New("nobody answered in time")

// ended is the last error of a call whose time is over: what the mesh said, or the caller's own reason to stop.
func ended(ctx context.Context, last error) error {
	if cause := context.Cause(ctx); !errors.Is(cause, errPatience) {
		return casare.Errorf(casare.CodeTimeout, "%w (%s)", cause, last.Error())
	}
	return last
}

func repeatable(err error) bool {
	switch casare.CodeOf(err) { //nolint:exhaustive // every other code is an answer
	case casare.CodeUnavailable, casare.CodeNotLeader, casare.CodeOutcomeUnknown:
		return true
	default:
		return false
	}
}

func (c *Client) url() string { return c.urls[int(c.current.Load())%len(c.urls)] }

func (c *Client) once(ctx context.Context, call call, body []byte) error {
	target := c.url() + call.path
	if len(call.query) > 0 {
		target += "?" + call.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, call.method, target, bytes.NewReader(body))
	if err != nil {
		return casare.Errorf(casare.CodeInvalid, "the URL %q makes no sense: %w", target, err).On("url")
	}
	c.authorize(req.Header)
	req.Header.Set("User-Agent", "casare")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if call.key != "" {
		req.Header.Set("Idempotency-Key", call.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return casare.Errorf(casare.CodeUnavailable, "no answer from %s: %w", c.url(), err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return casare.Errorf(casare.CodeUnavailable, "the answer of %s broke off: %w", c.url(), err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return failure(resp.StatusCode, answer)
	}
	if call.out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, call.out); err != nil {
		return casare.Errorf(casare.CodeInternal, "the answer of %s is not what this version understands: %w", c.url(), err)
	}
	return nil
}

func (c *Client) authorize(h http.Header) {
	if c.key != "" {
		h.Set("Authorization", "Bearer "+c.key)
	}
}

// failure reads the error body of the API; anything else, from a proxy say, counts by its status.
func failure(status int, body []byte) error {
	var envelope struct {
		Error struct {
			Code    casare.Code `json:"code"`
			Message string      `json:"message"`
			Field   *string     `json:"field"`
			Details struct {
				Problems []casare.Problem `json:"validation_errors"`
				JobID    string           `json:"job_id"`
			} `json:"details"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil || envelope.Error.Code == "" {
		return casare.Errorf(casare.CodeOfStatus(status), "HTTP status %d %s", status, http.StatusText(status))
	}
	e := &casare.Error{Code: envelope.Error.Code, Message: envelope.Error.Message, Problems: envelope.Error.Details.Problems}
	if envelope.Error.Field != nil {
		e.Field = *envelope.Error.Field
	}
	return e
}

// newKey returns a fresh Idempotency-Key: a UUID of version 7, which begins with the time, so that jobs submitted one after the
// other lie in the state one after the other.
func newKey() string {
	var b [16]byte
	_, _ = rand.Read(b[6:]) // it never fails
	binary.BigEndian.PutUint64(b[:8], uint64(time.Now().UnixMilli())<<16|uint64(b[6])<<8|uint64(b[7]))
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func paging(limit, offset int) url.Values {
	q := url.Values{}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	if offset > 0 {
		q.Set("offset", strconv.Itoa(offset))
	}
	return q
}
