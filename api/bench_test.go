package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"casare"
)

// The cost of the API itself: the store answers at once.
func benchmark(b *testing.B, path, body string, jobs int) {
	b.Helper()
	w := setup(b, 1)
	r := w.robots[0]
	stored := r.post("/api/v1/workflows", `{"workflow_name":"x","trigger_type":"none","workflow_json":`+hello+`}`).ok()
	body = strings.ReplaceAll(body, "WF", is[string](stored["workflow_id"]))
	r.proposing(func(_ context.Context, ps []casare.Proposal) ([]casare.Result, error) {
		results := make([]casare.Result, len(ps))
		for i, p := range ps {
			submit, _ := p.Command.(casare.SubmitJob)
			results[i] = casare.Result{Index: 1, Job: casare.NewJob(submit.Spec)}
		}
		return results, nil
	})
	handler := r.api.Handler()
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+adminKey)
		req.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Body)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*jobs), "ns/job")
}

const benchJob = `{"workflow_id":"WF","priority":"HIGH","variables":{"customer":"Muster AG","amount":15.0}}`

func BenchmarkSubmit(b *testing.B) { benchmark(b, "/api/v1/jobs/submit", benchJob, 1) }

func BenchmarkSubmit_WithDocument(b *testing.B) {
	benchmark(b, "/api/v1/jobs/submit", `{"workflow_json":`+hello+`}`, 1)
}

func BenchmarkBatch100(b *testing.B) {
	benchmark(b, "/api/v1/jobs/batch", `{"jobs":[`+strings.Repeat(benchJob+",", 99)+benchJob+`]}`, 100)
}

func BenchmarkBatch1000(b *testing.B) {
	benchmark(b, "/api/v1/jobs/batch", `{"jobs":[`+strings.Repeat(benchJob+",", 999)+benchJob+`]}`, 1000)
}
