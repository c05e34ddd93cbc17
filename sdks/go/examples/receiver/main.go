// Command receiver takes webhooks whose signature is genuine.
package main

import (
	"io"
	"log"
	"net/http"
	"os"

	clarion "clarion.example/clarion-go"
)

func main() {
	take := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		log.Printf("%s", body)
		w.WriteHeader(http.StatusOK)
	})
	http.Handle("/hook", clarion.WebhookHandler([]string{os.Getenv("WEBHOOK_SECRET")}, take))
	log.Fatal(http.ListenAndServe("127.0.0.1:8000", nil))
}
