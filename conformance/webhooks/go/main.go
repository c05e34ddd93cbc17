// Judges each vector of the file named first with the Go module of Standard Webhooks; prints a JSON list of verdicts.
package main

import (
	"encoding/json"
	"net/http"
	"os"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

type vector struct {
	Secret  string
	RawKey  bool
	Headers map[string]string
	Body    []byte
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var vectors []vector
	check(json.Unmarshal(text, &vectors))
	verdicts := make([]bool, len(vectors))
	for i, each := range vectors {
		verdicts[i] = genuine(each)
	}
	check(json.NewEncoder(os.Stdout).Encode(verdicts))
}

func genuine(each vector) bool {
	webhook, err := open(each)
	if err != nil {
		return false
	}
	headers := http.Header{}
	for name, value := range each.Headers {
		headers.Set(name, value)
	}
	return webhook.Verify(each.Body, headers) == nil
}

func open(each vector) (*standardwebhooks.Webhook, error) {
	if each.RawKey {
		return standardwebhooks.NewWebhookRaw([]byte(each.Secret))
	}
	return standardwebhooks.NewWebhook(each.Secret)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
