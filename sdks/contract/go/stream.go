package main

import (
	"context"
	"errors"

	clarion "clarion.example/clarion-go"
)

type notedPlace struct {
	cursor string
	saved  []string
}

func (p *notedPlace) Load() (string, error) { return p.cursor, nil }
func (p *notedPlace) Save(cursor string) error {
	p.saved = append(p.saved, cursor)
	return nil
}

func stream(a asked) map[string]any {
	clock := &notedClock{waits: []int64{}}
	apiKey := key
	if a.APIKey != "" {
		apiKey = a.APIKey
	}
	client, err := clarion.NewClient(clarion.Options{BaseURL: a.BaseURL, APIKey: apiKey, Clock: clock, Random: &fixedRandom{}})
	if err != nil {
		panic(err)
	}
	place := &notedPlace{cursor: a.Place, saved: []string{}}
	events, opened, gaps := []string{}, []string{}, []any{}
	query := clarion.StreamQuery{}
	for _, each := range a.Query["types"].([]any) {
		query.Types = append(query.Types, each.(string))
	}
	query.From, _ = a.Query["from"].(string)
	read := client.Events.Stream(context.Background(), query, clarion.StreamOptions{
		Place:  place,
		OnOpen: func(cursor string) { opened = append(opened, cursor) },
		OnGap:  func(earliest string, lost *int64) { gaps = append(gaps, []any{earliest, lost}) },
	})
	end := "over"
	for event, err := range read.All() {
		if err != nil {
			end = endOf(err)
			break
		}
		events = append(events, *event.ID)
		if len(events) == a.LeaveAfter {
			if err := read.Commit(); err != nil {
				panic(err)
			}
			end = "left"
			break
		}
	}
	return map[string]any{
		"events": events, "opened": opened, "gaps": gaps, "saved": place.saved, "cursor": read.Cursor(),
		"end": end, "waits": clock.waits,
	}
}

func endOf(err error) string {
	var over *clarion.StreamError
	if errors.As(err, &over) {
		return over.Reason
	}
	var refused *clarion.APIError
	if errors.As(err, &refused) {
		return string(refused.Code)
	}
	return err.Error()
}
