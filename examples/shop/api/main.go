// The shop's prices, in cents. Edit the map below and save: the next request shows it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

var prices = map[string]int{
	"apple": 60,
	"bread": 320,
	"tea":   450,
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/prices", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(prices)
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// listen takes the socket that whoever started us made (LISTEN_FDS, as systemd and hybrid-tasks do), so that a
// new version can start beside the old one; without it, it opens PORT itself.
func listen() (net.Listener, error) {
	if os.Getenv("LISTEN_PID") == fmt.Sprint(os.Getpid()) && os.Getenv("LISTEN_FDS") != "" {
		file := os.NewFile(3, "socket")
		defer file.Close()
		return net.FileListener(file)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8001"
	}
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
}

func main() {
	listener, err := listen()
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: routes(), ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan struct{})
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		<-stop.Done()
		grace, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
		defer cancel()
		server.Shutdown(grace) // what is being answered is answered
		close(stopped)
	}()
	log.Printf("prices on http://%s/prices", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-stopped
}
