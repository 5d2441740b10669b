package api

import (
	"bytes"
	"context"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
)

// One test a line of newEngine, newHuma and humaErrors: each undoes a default that breaks the contract.

type probe struct {
	List []string `json:"list"`
	Text string   `json:"text"`
}

// ask serves one operation and sends it a request.
func ask[I any](t *testing.T, method, contentType, body string, op huma.Operation, handler func(*I) (any, error)) *httptest.ResponseRecorder {
	t.Helper()
	engine, err := newEngine()
	require.NoError(t, err)
	h := newHuma(engine, "1")
	op.Method, op.Path, op.OperationID = method, "/probe", "probe"
	huma.Register(h, op, func(_ context.Context, in *I) (*struct{ Body any }, error) {
		out, err := handler(in)
		return &struct{ Body any }{out}, err
	})
	req := httptest.NewRequestWithContext(t.Context(), method, "/probe?limit=x", strings.NewReader(body))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	rec := httptest.NewRecorder()
	engine.ServeHTTP(rec, req)
	return rec
}

type bodyInput struct{ Body struct{ Text string } }

func TestHuma_ANilBodyIsNull(t *testing.T) {
	t.Parallel()
	rec := ask(t, http.MethodGet, "", "", huma.Operation{}, func(*struct{}) (any, error) { return nil, nil }) //nolint:nilnil // the point
	require.Equal(t, http.StatusOK, rec.Code)
	require.Equal(t, "null\n", rec.Body.String())
}

func TestHuma_AnswersCarryNoSchemaAndNoLink(t *testing.T) {
	t.Parallel()
	rec := ask(t, http.MethodGet, "", "", huma.Operation{}, func(*struct{}) (any, error) { return probe{Text: "<&>"}, nil })
	require.Equal(t, "{\"list\":[],\"text\":\"<&>\"}\n", rec.Body.String(), "and no list is null, and no HTML is escaped") //nolint:testifylint // byte for byte
	require.Empty(t, rec.Header().Get("Link"))
	require.Equal(t, "application/json", rec.Header().Get("Content-Type"))
}

func TestHuma_UnknownKeysAreIgnoredAndFieldsAreOptional(t *testing.T) {
	t.Parallel()
	rec := ask(t, http.MethodPost, "application/json", `{"extra":1}`, huma.Operation{}, func(*bodyInput) (any, error) { return 1, nil })
	require.Equal(t, http.StatusOK, rec.Code, "%s", rec.Body)
}

func TestHuma_WhateverOldClientsCallJSONIsJSON(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{
		"application/json", "application/json; charset=utf-8", "application/octet-stream", "text/plain", "application/x-www-form-urlencoded", "",
	} {
		rec := ask(t, http.MethodPost, contentType, `{"Text":"x"}`, huma.Operation{}, func(in *bodyInput) (any, error) {
			return in.Body.Text, nil
		})
		require.Equal(t, "\"x\"\n", rec.Body.String(), contentType)
	}
}

func TestHuma_ErrorsAreOurs(t *testing.T) {
	t.Parallel()
	type limited struct {
		Limit int `query:"limit"`
	}
	rec := ask(t, http.MethodGet, "", "", huma.Operation{}, func(*limited) (any, error) { return 1, nil })
	require.Equal(t, http.StatusUnprocessableEntity, rec.Code)
	require.Equal(t, "application/json", rec.Header().Get("Content-Type"))
	var f failure
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &f))
	require.Equal(t, "VALIDATION_ERROR", string(f.Problem.Code))
	require.Equal(t, "query.limit", f.Problem.Details.Problems[0].Field)
}

func TestHuma_RegistersNoRoutesOfItsOwn(t *testing.T) {
	t.Parallel()
	engine, err := newEngine()
	require.NoError(t, err)
	newHuma(engine, "1")
	require.Empty(t, engine.Routes(), "no /docs that loads from a CDN, no /schemas")
}

func TestGin_Says405AndTrustsNoProxyAndRedirectsNothing(t *testing.T) {
	t.Parallel()
	engine, err := newEngine()
	require.NoError(t, err)
	require.Equal(t, gin.ReleaseMode, gin.Mode())
	engine.GET("/x", func(g *gin.Context) { g.String(http.StatusOK, g.ClientIP()) })
	answer := func(method, path string) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		req.Header.Set("X-Forwarded-For", "9.9.9.9")
		req.RemoteAddr = "127.0.0.1:1"
		rec := httptest.NewRecorder()
		engine.ServeHTTP(rec, req)
		return rec
	}
	require.Equal(t, "127.0.0.1", answer(http.MethodGet, "/x").Body.String())
	require.Equal(t, http.StatusMethodNotAllowed, answer(http.MethodPost, "/x").Code)
	require.Equal(t, http.StatusNotFound, answer(http.MethodGet, "/x/").Code)
}

func TestRaw_KeepsWhatWasSent(t *testing.T) {
	t.Parallel()
	digits := new(big.Int).Exp(big.NewInt(7), big.NewInt(80), nil).String()
	text := `{"r":{"z":15.0,"a":-0.0,"n":` + digits + `,"s":"<&>"}}`
	var in struct {
		R Raw `json:"r"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &in))
	var out bytes.Buffer
	require.NoError(t, encodeJSON(&out, in))
	require.Equal(t, text+"\n", out.String())
}

func TestLists_AreNeverNull(t *testing.T) {
	t.Parallel()
	type inner struct{ L []int }
	type outer struct {
		A []inner
		B *inner
		C inner
		D []byte
		E map[string]int
		f []int
	}
	in := outer{A: []inner{{}}, B: &inner{}, f: nil}
	var out bytes.Buffer
	require.NoError(t, encodeJSON(&out, in))
	require.JSONEq(t, `{"A":[{"L":[]}],"B":{"L":[]},"C":{"L":[]},"D":null,"E":null}`, out.String())
	require.Nil(t, in.f)
}

func TestDepth_CountsOutsideOfTexts(t *testing.T) {
	t.Parallel()
	require.NoError(t, checkDepth([]byte(`{"a":"`+strings.Repeat("[", 100)+`\"["}`)))
	require.NoError(t, checkDepth([]byte(strings.Repeat("[", maxDepth)+strings.Repeat("]", maxDepth))))
	require.Error(t, checkDepth([]byte(strings.Repeat("[", maxDepth+1))))
}
