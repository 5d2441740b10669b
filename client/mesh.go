package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"casare"
)

// Robot is a robot as the API shows it.
type Robot struct {
	ID            string      `json:"robot_id"`
	Name          string      `json:"name"`
	Hostname      string      `json:"hostname"`
	Status        string      `json:"status"`
	Role          casare.Role `json:"role"`
	Environment   string      `json:"environment"`
	Slots         int         `json:"max_concurrent_jobs"`
	Capabilities  []string    `json:"capabilities"`
	Running       []string    `json:"current_job_ids"`
	CPUPercent    float64     `json:"cpu_percent"`
	MemoryMB      float64     `json:"memory_mb"`
	Version       string      `json:"version"`
	HTTP          string      `json:"http"`
	LastHeartbeat casare.Time `json:"last_heartbeat"`
}

// Member is a robot of the mesh as the robot that answers sees it.
type Member struct {
	RobotID     string `json:"robot_id"`
	Name        string `json:"name"`
	State       string `json:"state"`
	Coordinator bool   `json:"coordinator"`
	Leader      bool   `json:"leader"`
	HTTP        string `json:"http"`
	Mesh        string `json:"mesh"`
	Version     string `json:"version"`
}

// Mesh is the mesh as one robot sees it.
type Mesh struct {
	MeshID         string   `json:"mesh_id"`
	LeaderID       string   `json:"leader_id"`
	RobotID        string   `json:"robot_id"` // who answers
	FaultTolerance int      `json:"fault_tolerance"`
	Summary        string   `json:"summary"`
	Members        []Member `json:"members"`
	Index          uint64   `json:"index"`
	StateHash      string   `json:"state_hash"` // only when asked for
	Blobs          Blobs    `json:"blobs"`      // at the robot that answers
}

// Blobs is how full a robot's folder of the mesh's files is.
type Blobs struct {
	Held     int   `json:"held"`
	Bytes    int64 `json:"bytes"`
	MaxBytes int64 `json:"max_bytes"`
	Referred int   `json:"referred"` // files that the mesh needs
	Missing  int   `json:"missing"`  // of them, those that the robot should keep and has not got yet
	Lost     int   `json:"lost"`     // of the missing, those that no coordinator has
}

// Token is a join token; its text is shown once.
type Token struct {
	Text      string      `json:"token"`
	ID        string      `json:"token_id"`
	Role      casare.Role `json:"role"`
	ExpiresAt casare.Time `json:"expires_at"`
	Uses      int         `json:"uses"`
}

// Health is what a robot says of itself to anybody.
type Health struct {
	Status  string `json:"status"`
	Version string `json:"version"`
	RobotID string `json:"robot_id"`
}

// Ready says whether the robot that answers can reach a leader.
type Ready struct {
	Ready    bool   `json:"ready"`
	Status   string `json:"status"`
	LeaderID string `json:"leader_id"`
}

// Robots lists the robots of the mesh.
func (c *Client) Robots(ctx context.Context) ([]Robot, error) {
	var out struct {
		Robots []Robot `json:"robots"`
	}
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/v1/robots", query: paging(500, 0), out: &out})
	return out.Robots, err
}

// Robot returns a robot, else CodeNotFound.
func (c *Client) Robot(ctx context.Context, id string) (Robot, error) {
	var out Robot
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/v1/robots/" + url.PathEscape(id), out: &out})
	return out, err
}

// Mesh returns the mesh as the robot that answers sees it.
func (c *Client) Mesh(ctx context.Context) (Mesh, error) {
	var out Mesh
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/v1/mesh", out: &out})
	return out, err
}

// StateHash returns the hash of the replicated state on the robot that answers, and the index it holds for.
func (c *Client) StateHash(ctx context.Context) (hash string, index uint64, err error) {
	var out Mesh
	err = c.do(ctx, call{method: http.MethodGet, path: "/api/v1/mesh", query: url.Values{"hash": {"true"}}, out: &out})
	return out.StateHash, out.Index, err
}

// CreateToken makes a join token. A ttl or uses of 0 means the mesh's default.
func (c *Client) CreateToken(ctx context.Context, role casare.Role, ttl time.Duration, uses int) (Token, error) {
	body := struct {
		Role casare.Role `json:"role,omitempty"`
		TTL  string      `json:"ttl,omitempty"`
		Uses int         `json:"uses,omitempty"`
	}{Role: role, Uses: uses}
	if ttl != 0 {
		body.TTL = ttl.String()
	}
	var out Token
	err := c.do(ctx, call{method: http.MethodPost, path: "/api/v1/tokens", body: body, out: &out})
	return out, err
}

// Health asks a robot whether it serves.
func (c *Client) Health(ctx context.Context) (Health, error) {
	var out Health
	err := c.do(ctx, call{method: http.MethodGet, path: "/health", out: &out})
	return out, err
}

// Ready asks a robot whether it can reach a leader.
func (c *Client) Ready(ctx context.Context) (Ready, error) {
	var out Ready
	err := c.do(ctx, call{method: http.MethodGet, path: "/health/ready", out: &out})
	return out, err
}
