package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strconv"
	"time"

	"casare"
)

// keyPrefix is how every key of this API begins; old clients look for it.
const keyPrefix = "crpa_"

// keyView is an API key without what makes it one.
type keyView struct {
	ID        string      `json:"id"`
	KeyID     string      `json:"key_id"`
	Name      string      `json:"name"`
	Role      string      `json:"role"`
	Status    string      `doc:"active, revoked, expired" json:"status"`
	CreatedAt casare.Time `json:"created_at"`
	ExpiresAt casare.Time `json:"expires_at"`
	RevokedAt casare.Time `json:"revoked_at"`
}

type keysAnswer struct {
	Keys  []keyView `json:"keys"`
	Total int       `json:"total"`
}

func (a *API) viewKey(k *casare.APIKey) keyView {
	v := keyView{
		ID: k.ID, KeyID: k.ID, Name: k.Name, Role: k.Role, Status: "active",
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, RevokedAt: k.RevokedAt,
	}
	switch {
	case k.RevokedAt != 0:
		v.Status = "revoked"
	case k.ExpiresAt != 0 && k.ExpiresAt <= casare.TimeOf(a.deps.Now()):
		v.Status = "expired"
	}
	return v
}

func (a *API) listKeys(ctx context.Context, _ *struct{}) (*answer[keysAnswer], error) {
	keys, err := a.deps.State.Keys(callOf(ctx).caller.tenant)
	if err != nil {
		return nil, err
	}
	out := keysAnswer{Total: len(keys)}
	for _, k := range keys {
		out.Keys = append(out.Keys, a.viewKey(k))
	}
	return &answer[keysAnswer]{Body: out}, nil
}

// keyBody asks for an API key.
type keyBody struct {
	Name          string `json:"name"`
	Role          string `doc:"admin (default)"          json:"role"`
	ExpiresInDays int    `doc:"0 (default) means never"  json:"expires_in_days"`
}

type keyAnswer struct {
	APIKey string  `doc:"Shown once" json:"api_key"`
	ID     string  `json:"id"`
	Key    keyView `json:"key"`
}

// createKey makes a fresh key at each try, for the reason createToken gives.
func (a *API) createKey(ctx context.Context, _ *struct{}, body []byte) (*answer[keyAnswer], error) {
	req := keyBody{Role: roleAdmin}
	if err := decode(body, &req); err != nil {
		return nil, err
	}
	switch {
	case req.Name == "" || len(req.Name) > maxName:
		return nil, invalidField("name", "must have 1 to 255 bytes")
	case req.Role != roleAdmin:
		return nil, casare.Errorf(casare.CodeUnsupported, "role %s: keys but admin keys are not supported yet", req.Role).On("role")
	case req.ExpiresInDays < 0 || req.ExpiresInDays > 3650:
		return nil, invalidField("expires_in_days", "is not between 0 and 3650")
	}
	var secret [32]byte
	if _, err := io.ReadFull(a.deps.Random, secret[:]); err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "read random bytes: %w", err)
	}
	text := keyPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	hash := sha256.Sum256([]byte(text))
	c, now := callOf(ctx), a.deps.Now()
	key := casare.APIKey{
		ID: a.deps.NewID(), Tenant: c.caller.tenant, Name: req.Name, Role: req.Role, Hash: hash[:], CreatedAt: casare.TimeOf(now),
	}
	if req.ExpiresInDays > 0 {
		key.ExpiresAt = casare.TimeOf(now.Add(time.Duration(req.ExpiresInDays) * 24 * time.Hour))
	}
	result, err := a.propose(ctx, a.proposal(c, key.ID, casare.CreateKey{Key: key}))
	if err != nil {
		return nil, err
	}
	return &answer[keyAnswer]{Index: strconv.FormatUint(result.Index, 10), Body: keyAnswer{
		APIKey: text, ID: key.ID, Key: a.viewKey(&key),
	}}, nil
}

type revokeAnswer struct {
	Revoked bool   `json:"revoked"`
	KeyID   string `json:"key_id"`
}

func (a *API) revokeKey(ctx context.Context, in *idInput) (*answer[revokeAnswer], error) {
	c := callOf(ctx)
	keys, err := a.deps.State.Keys(c.caller.tenant)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.ID != in.ID {
			continue
		}
		if k.RevokedAt == 0 {
			if _, err := a.propose(ctx, a.proposal(c, c.command, casare.RevokeKey{KeyID: in.ID})); err != nil {
				return nil, err
			}
		}
		return &answer[revokeAnswer]{Body: revokeAnswer{Revoked: true, KeyID: in.ID}}, nil
	}
	return nil, casare.Errorf(casare.CodeNotFound, "there is no API key %s", in.ID).On("id")
}
