package client

import (
	"context"
	"net/http"
	"net/url"

	"casare"
)

// Secret is what can be known of a secret: its text is never shown.
type Secret struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Version     int         `json:"version"` // counts changes
	CreatedAt   casare.Time `json:"created_at"`
	UpdatedAt   casare.Time `json:"updated_at"`
}

// Secrets lists the secrets of the caller's tenant by name.
func (c *Client) Secrets(ctx context.Context) ([]Secret, error) {
	var out struct {
		Secrets []Secret `json:"secrets"`
	}
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/v1/secrets", out: &out})
	return out.Secrets, err
}

// SetSecret adds a secret or replaces its text.
func (c *Client) SetSecret(ctx context.Context, name, text, description string) (Secret, error) {
	body := struct {
		Value       string `json:"value"`
		Description string `json:"description,omitempty"`
	}{text, description}
	var out Secret
	err := c.do(ctx, call{method: http.MethodPut, path: "/api/v1/secrets/" + url.PathEscape(name), body: body, out: &out})
	return out, err
}

// DeleteSecret forgets a secret, else CodeNotFound. Jobs that run have it still.
func (c *Client) DeleteSecret(ctx context.Context, name string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: "/api/v1/secrets/" + url.PathEscape(name)})
}
