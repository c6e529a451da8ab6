package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	routes().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

func TestPrices(t *testing.T) {
	answer := get(t, "/prices")
	var found map[string]int
	if err := json.Unmarshal(answer.Body.Bytes(), &found); err != nil {
		t.Fatal(err)
	}
	if found["tea"] <= 0 {
		t.Fatalf("tea costs %d", found["tea"])
	}
}

func TestHealth(t *testing.T) {
	if answer := get(t, "/healthz"); answer.Code != http.StatusOK {
		t.Fatalf("status %d", answer.Code)
	}
}

func TestListenTakesAPortOfItsOwn(t *testing.T) {
	t.Setenv("LISTEN_FDS", "")
	t.Setenv("PORT", "0")
	listener, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}
