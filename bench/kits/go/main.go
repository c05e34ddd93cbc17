// Command bench emits by the kit and by bare net/http in turn; it prints the medians in milliseconds.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sort"
	"strconv"
	"time"

	clarion "clarion.example/clarion-go"
)

const warm = 50

func main() {
	url, payload := os.Args[1], json.RawMessage(os.Args[3])
	count, err := strconv.Atoi(os.Args[2])
	check(err)
	client, err := clarion.NewClient(clarion.Options{BaseURL: url, APIKey: "k"})
	check(err)
	input := clarion.EmitCustomEventInput{Name: "a.b", Payload: payload}
	body, err := json.Marshal(input)
	check(err)
	var bare, kit []float64
	for at := range count + warm {
		bareMs := spent(func() error { return post(url+"/api/v1/events/custom/emit", body) })
		kitMs := spent(func() error {
			_, err := client.Events.Custom.Emit(input)
			return err
		})
		if at >= warm {
			bare, kit = append(bare, bareMs), append(kit, kitMs)
		}
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]float64{"bare": median(bare), "kit": median(kit)}))
}

func post(url string, body []byte) error {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("authorization", "Bearer k")
	request.Header.Set("content-type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data clarion.EmitResult `json:"data"`
	}
	return json.NewDecoder(response.Body).Decode(&answer)
}

func spent(call func() error) float64 {
	begin := time.Now()
	check(call())
	return float64(time.Since(begin)) / float64(time.Millisecond)
}

func median(values []float64) float64 {
	sort.Float64s(values)
	return values[len(values)/2]
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
