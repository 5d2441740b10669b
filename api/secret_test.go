package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

func TestSecrets_AreSetAndListedAndNeverShown(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	near := w.robots[1] // does not lead
	first := near.do(http.MethodPut, "/api/v1/secrets/mail", `{"value": "hush", "description": "for the mail"}`)
	require.Equal(t, "mail", first.ok()["name"])
	second := near.do(http.MethodPut, "/api/v1/secrets/mail", `{"value": "husher"}`)
	require.InEpsilon(t, 2, second.ok()["version"], 0)
	list := near.get("/api/v1/secrets")
	require.InEpsilon(t, 1, list.ok()["total"], 0)
	for _, r := range []reply{first, second, list} {
		require.NotContains(t, string(r.body), "hush")
		require.NotContains(t, string(r.body), "sealed")
	}
	require.Equal(t, true, near.do(http.MethodDelete, "/api/v1/secrets/mail", "").ok()["deleted"])
	near.do(http.MethodDelete, "/api/v1/secrets/mail", "").fails(http.StatusNotFound, casare.CodeNotFound)
	require.Empty(t, near.get("/api/v1/secrets").ok()["secrets"])
}

func TestSecrets_BadInput(t *testing.T) {
	t.Parallel()
	r := setup(t, 1).robots[0]
	for body, field := range map[string]string{
		`{}`: "value", `{"value": ""}`: "value", `{"value": null}`: "value",
		`{"value": "` + strings.Repeat("x", casare.MaxSecret+1) + `"}`:      "value",
		`{"value": "x", "description": "` + strings.Repeat("x", 256) + `"}`: "description",
	} {
		_, got := r.do(http.MethodPut, "/api/v1/secrets/a", body).fails(http.StatusUnprocessableEntity, casare.CodeValidation)
		require.Equal(t, field, got)
	}
	for _, name := range []string{"a%20b", "a:b", strings.Repeat("x", 65)} {
		_, field := r.do(http.MethodPut, "/api/v1/secrets/"+name, `{"value": "x"}`).fails(http.StatusUnprocessableEntity, casare.CodeValidation)
		require.Equal(t, "name", field)
	}
	r.do(http.MethodPut, "/api/v1/secrets/a", `{"value": "x"}`, "Authorization", "Bearer "+userKey).fails(http.StatusForbidden, casare.CodeForbidden)
	require.Empty(t, r.get("/api/v1/secrets").ok()["secrets"])
}
