package main

import (
	clarion "clarion.example/clarion-go"
	"clarion.example/contract/events"
)

// typed emits an event of a generated type, then a batch of two and one without a type.
func typed(a asked) map[string]any {
	drifts := [][2]string{}
	client, err := clarion.NewClient(clarion.Options{
		BaseURL: a.BaseURL, APIKey: key, Random: &fixedRandom{},
		OnSchemaDrift: func(name, version string) { drifts = append(drifts, [2]string{name, version}) },
	})
	if err != nil {
		return failed(err)
	}
	order := events.OrderPlaced{ID: "o-1", At: "2026-01-01T00:00:00Z"}
	if _, err = clarion.EmitTyped(client, order); err != nil {
		return failed(err)
	}
	plain := clarion.EmitCustomEventInput{Name: "a.b", Payload: map[string]any{}}
	items := []clarion.EmitCustomEventInput{{Payload: order}, {Payload: order, Subject: "s"}, plain}
	if _, err = client.Events.Custom.EmitBatch(clarion.EmitCustomEventsInput{Items: items}); err != nil {
		return failed(err)
	}
	if _, err = client.Events.Custom.Emit(plain, clarion.WithSchemaHash("abc")); err != nil {
		return failed(err)
	}
	return map[string]any{"drifts": drifts}
}
