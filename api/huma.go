package api

import (
	"context"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"casare"
)

// newEngine returns gin as this project needs it: it answers 405, trusts no proxy, prints nothing.
func newEngine() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false // a redirected POST loses its body, a redirected WebSocket everything
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "configure the router: %w", err)
	}
	return engine, nil
}

// newHuma returns huma on top of engine, with every default that breaks the contract changed.
func newHuma(engine *gin.Engine, version string) huma.API {
	humaErrors()
	c := huma.DefaultConfig("Casare Mesh", version)
	c.CreateHooks = nil                                            // no $schema in answers, no Link header
	c.AllowAdditionalPropertiesByDefault = true                    // unknown keys are ignored
	c.FieldsOptionalByDefault = true                               // a rule is broken only where a handler says so
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""          // the routes of our own table serve these, offline
	c.Transformers = nil                                           //
	codec := huma.Format{Marshal: encodeJSON, Unmarshal: readJSON} // one codec for whatever clients call it
	c.Formats = map[string]huma.Format{
		"application/json": codec, "json": codec, "application/octet-stream": codec, "text/plain": codec,
		"application/x-www-form-urlencoded": codec,
	}
	return humagin.New(engine, c)
}

// humaErrors replaces huma's error body by ours. These are package variables of huma, so it happens once in a process.
var humaErrors = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false // [] is written for nil
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return envelope(callOf(ctx.Context()), status, message, errs)
	}
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return envelope(&call{}, status, message, errs)
	}
})

// envelope is the error body for what huma itself refuses: parameters that break their rules.
func envelope(c *call, status int, message string, errs []error) *failure {
	e := &casare.Error{Code: casare.CodeOfStatus(status), Message: message}
	for _, err := range errs {
		if err == nil {
			continue
		}
		p := casare.Problem{Message: err.Error()}
		if d, ok := err.(huma.ErrorDetailer); ok {
			p = casare.Problem{Field: d.ErrorDetail().Location, Message: d.ErrorDetail().Message}
		}
		e.Problems = append(e.Problems, p)
	}
	if len(e.Problems) > 0 {
		e.Field = strings.TrimPrefix(strings.TrimPrefix(e.Problems[0].Field, "query."), "path.")
		e.Message = strings.TrimSpace(e.Field + " is not valid: " + e.Problems[0].Message)
	}
	f := newFailure(c, casare.TimeOf(time.Now()), e)
	f.status = status
	return f
}

func readJSON(data []byte, v any) error { return json.Unmarshal(data, v) }

// encodeJSON writes v without escaping HTML, and [] for every nil slice.
func encodeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(withLists(v))
}

// withLists returns v, or a copy of v, in which no slice is nil.
func withLists(v any) any {
	value := reflect.ValueOf(v)
	if !value.IsValid() || !hasLists(value.Type()) {
		return v
	}
	if value.Kind() != reflect.Pointer {
		copied := reflect.New(value.Type())
		copied.Elem().Set(value)
		value = copied
	}
	fillLists(value)
	return value.Interface()
}

var listTypes sync.Map // reflect.Type → bool: may hold a slice that is nil

var marshaler = reflect.TypeFor[json.Marshaler]()

// hasLists says whether values of the type may hold slices that are written as JSON lists.
func hasLists(t reflect.Type) bool {
	if known, ok := listTypes.Load(t); ok {
		return known == true
	}
	found := false
	switch {
	case t.Implements(marshaler):
	case t.Kind() == reflect.Slice:
		found = t.Elem().Kind() != reflect.Uint8
	case t.Kind() == reflect.Pointer:
		found = hasLists(t.Elem())
	case t.Kind() == reflect.Struct:
		for f := range t.Fields() {
			found = found || f.IsExported() && hasLists(f.Type)
		}
	}
	listTypes.Store(t, found)
	return found
}

func fillLists(v reflect.Value) {
	if !hasLists(v.Type()) {
		return
	}
	switch v.Kind() { //nolint:exhaustive // hasLists knows only these
	case reflect.Pointer:
		if !v.IsNil() {
			fillLists(v.Elem())
		}
	case reflect.Slice:
		if v.IsNil() && v.CanSet() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		if hasLists(v.Type().Elem()) {
			for i := range v.Len() {
				fillLists(v.Index(i))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fillLists(v.Field(i))
			}
		}
	}
}

// registrar puts a handler under one path of a route.
type registrar func(a *API, h huma.API, op huma.Operation)

// operation is a handler that takes parameters only.
func operation[I, O any](handler func(a *API, ctx context.Context, in *I) (*O, error)) registrar {
	return func(a *API, h huma.API, op huma.Operation) {
		huma.Register(h, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := handler(a, ctx, in)
			if err != nil {
				return nil, a.fail(ctx, err)
			}
			return out, nil
		})
	}
}

// withBody is a handler that also takes a JSON body. The front has read it and the handler decodes it itself, so that a wrong
// field is named, and huma does not read it a second time; here the body is only described.
func withBody[B, I, O any](handler func(a *API, ctx context.Context, in *I, body []byte) (*O, error)) registrar {
	return func(a *API, h huma.API, op huma.Operation) {
		operation(func(a *API, ctx context.Context, in *I) (*O, error) {
			return handler(a, ctx, in, callOf(ctx).body)
		})(a, h, op)
		if op.Hidden {
			return
		}
		t := reflect.TypeFor[B]()
		schema := h.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
		item := h.OpenAPI().Paths[op.Path]
		if item == nil {
			return
		}
		for _, described := range []*huma.Operation{item.Post, item.Put} {
			if described != nil && described.Method == op.Method {
				described.RequestBody = &huma.RequestBody{
					Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
				}
			}
		}
	}
}

// answer is a body with the index of the state it tells of.
type answer[T any] struct {
	Index string `doc:"Index of the replicated state this answer is about" header:"X-Casare-Index"`
	Body  T
}
