package api

import (
	"context"
	_ "embed" // the start page
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

//go:embed home.html
var homePage []byte

// serviceName is what old clients look for in /health.
const serviceName = "casare-rpa-orchestrator"

type healthAnswer struct {
	Status    string  `json:"status"`
	Service   string  `json:"service"`
	Timestamp float64 `doc:"Seconds since 1970" json:"timestamp"`
	Version   string  `json:"version"`
	Alive     bool    `json:"alive"`
	RobotID   string  `json:"robot_id"`
}

func (a *API) health(_ context.Context, _ *struct{}) (*struct{ Body healthAnswer }, error) {
	return &struct{ Body healthAnswer }{healthAnswer{
		Status: "healthy", Service: serviceName, Timestamp: float64(a.deps.Now().UnixMicro()) / 1e6, Version: a.cfg.Version,
		Alive: true, RobotID: a.self(),
	}}, nil
}

type readyAnswer struct {
	Ready    bool    `json:"ready"`
	Status   string  `doc:"up or degraded" json:"status"`
	LeaderID *string `json:"leader_id"`
	RobotID  string  `json:"robot_id"`
}

// ready always answers 200, as old clients expect: the body says whether a leader is known.
func (a *API) ready(_ context.Context, _ *struct{}) (*struct{ Body readyAnswer }, error) {
	leader, _ := a.deps.Mesh.Leader()
	out := readyAnswer{Ready: leader != "", Status: "up", LeaderID: optional(leader), RobotID: a.self()}
	if !out.Ready {
		out.Status = "degraded"
	}
	return &struct{ Body readyAnswer }{out}, nil
}

func home(*API) gin.HandlerFunc {
	return func(g *gin.Context) { g.Data(http.StatusOK, "text/html; charset=utf-8", homePage) }
}

func openAPI(a *API) gin.HandlerFunc {
	return func(g *gin.Context) { g.Data(http.StatusOK, "application/openapi+json", a.spec) }
}

// docs serves Swagger UI from the program itself.
func docs(*API) gin.HandlerFunc {
	page := v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "Casare Mesh API", SwaggerJSON: "/openapi.json", BasePath: "/docs", ShowTopBar: false,
		SettingsUI: map[string]string{"persistAuthorization": "true"},
	})
	return gin.WrapH(page)
}
