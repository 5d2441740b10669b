package api

import (
	"context"
	"strconv"

	"casare"
)

// Vault seals the texts of secrets so that only coordinators of the mesh can open them. It works on the leader.
type Vault interface {
	Seal(tenant, name, text string) ([]byte, error)
}

// secretView is a secret without its text, which no route gives.
type secretView struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Version     int         `doc:"Counts changes" json:"version"`
	CreatedAt   casare.Time `json:"created_at"`
	UpdatedAt   casare.Time `json:"updated_at"`
}

type secretsAnswer struct {
	Secrets []secretView `json:"secrets"`
	Total   int          `json:"total"`
}

func viewSecret(s *casare.Secret) secretView {
	return secretView{Name: s.Name, Description: s.Description, Version: s.Version, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt}
}

func (a *API) listSecrets(ctx context.Context, _ *struct{}) (*answer[secretsAnswer], error) {
	secrets, err := a.deps.State.Secrets(callOf(ctx).caller.tenant)
	if err != nil {
		return nil, err
	}
	out := secretsAnswer{Total: len(secrets), Secrets: make([]secretView, len(secrets))}
	for i, s := range secrets {
		out.Secrets[i] = viewSecret(s)
	}
	return &answer[secretsAnswer]{Body: out}, nil
}

// secretBody is a secret's new text.
type secretBody struct {
	Value       *string `doc:"The text; never shown again" json:"value"`
	Description string  `json:"description"`
}

func (a *API) putSecret(ctx context.Context, in *idInput, body []byte) (*answer[secretView], error) {
	var req secretBody
	if err := decode(body, &req); err != nil {
		return nil, err
	}
	if err := casare.CheckSecretName(in.ID); err != nil {
		return nil, err
	}
	switch {
	case req.Value == nil || *req.Value == "":
		return nil, invalidField("value", "is needed")
	case len(*req.Value) > casare.MaxSecret:
		return nil, invalidField("value", "has more than "+strconv.Itoa(casare.MaxSecret)+" bytes")
	case len(req.Description) > maxName:
		return nil, invalidField("description", "has more than 255 bytes")
	}
	c := callOf(ctx)
	sealed, err := a.deps.Vault.Seal(c.caller.tenant, in.ID, *req.Value)
	if err != nil {
		return nil, err
	}
	command := casare.PutSecret{Secret: casare.Secret{Name: in.ID, Description: req.Description, Sealed: sealed}}
	result, err := a.propose(ctx, a.proposal(c, c.command, command))
	if err != nil {
		return nil, err
	}
	stored, err := a.deps.State.Secret(c.caller.tenant, in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[secretView]{Index: strconv.FormatUint(result.Index, 10), Body: viewSecret(stored)}, nil
}

type deletedAnswer struct {
	Deleted bool   `json:"deleted"`
	Name    string `json:"name"`
}

func (a *API) deleteSecret(ctx context.Context, in *idInput) (*answer[deletedAnswer], error) {
	c := callOf(ctx)
	result, err := a.propose(ctx, a.proposal(c, c.command, casare.DeleteSecret{Name: in.ID}))
	if err != nil {
		return nil, err
	}
	return &answer[deletedAnswer]{Index: strconv.FormatUint(result.Index, 10), Body: deletedAnswer{Deleted: true, Name: in.ID}}, nil
}
