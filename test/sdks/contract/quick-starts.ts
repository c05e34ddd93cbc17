/** The quick start of the sources in Python and Go, with the name of the package replaced. */

export const PYTHON_QUICK_START = `import os

import clarion as platformxe

client = platformxe.Clarion(base_url=os.environ["CLARION_URL"], api_key=os.environ["CLARION_API_KEY"])

client.events.custom.emit(
    name="platformxe.generic",
    payload={
        "kind": "user.signed_up",
        "summary": "New user joined",
        "data": {"userId": "usr_123", "plan": "free"},
    },
)
`

export const GO_QUICK_START = `package main

import (
	"os"

	platformxe "clarion.example/clarion-go"
)

func main() {
	client, err := platformxe.NewClient(platformxe.Options{
		BaseURL: os.Getenv("CLARION_URL"),
		APIKey:  os.Getenv("CLARION_API_KEY"),
	})
	if err != nil {
		panic(err)
	}
	_, err = client.Events.Custom.Emit(platformxe.EmitCustomEventInput{
		Name: "platformxe.generic",
		Payload: map[string]interface{}{
			"kind":    "user.signed_up",
			"summary": "New user joined",
			"data":    map[string]interface{}{"userId": "usr_123", "plan": "free"},
		},
	})
	if err != nil {
		panic(err)
	}
}
`
