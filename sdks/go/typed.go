package clarion

import (
	"context"
	"strings"
)

// TypedEvent is a payload whose type was generated: clarion types NAME --lang go.
type TypedEvent interface {
	// ClarionEvent is the event's name and the hash of its schema.
	ClarionEvent() (name, schemaHash string)
}

// EmitTyped emits an event of a generated type. A TypedEvent as the Payload of EmitCustomEventInput is the same, with the other fields.
func EmitTyped[T TypedEvent](client *Client, event T, opts ...Option) (*EmitResult, error) {
	return EmitTypedContext(context.Background(), client, event, opts...)
}

// EmitTypedContext is EmitTyped with a context.
func EmitTypedContext[T TypedEvent](ctx context.Context, client *Client, event T, opts ...Option) (*EmitResult, error) {
	return client.Events.Custom.EmitContext(ctx, EmitCustomEventInput{Payload: event}, opts...)
}

// WithSchemaHash says which schema the types of an emit are of, where its payload is no TypedEvent. The items of a
// batch are all of it.
func WithSchemaHash(hash string) Option { return func(o *callOptions) { o.schemaHash = hash } }

// untyped names the events of typed payloads, and answers X-Schema-Hash: a hash, or name=hash for each name of a batch.
func untyped(in any) (any, string) {
	switch body := in.(type) {
	case EmitCustomEventInput:
		hash := nameEvent(&body)
		return body, hash
	case EmitCustomEventsInput:
		items := make([]EmitCustomEventInput, len(body.Items))
		var hashes []string
		noted := map[string]bool{}
		for at, item := range body.Items {
			if hash := nameEvent(&item); hash != "" && !noted[item.Name] {
				noted[item.Name] = true
				hashes = append(hashes, item.Name+"="+hash)
			}
			items[at] = item
		}
		body.Items = items
		return body, strings.Join(hashes, ", ")
	}
	return in, ""
}

func nameEvent(item *EmitCustomEventInput) string {
	event, ok := item.Payload.(TypedEvent)
	if !ok {
		return ""
	}
	name, hash := event.ClarionEvent()
	if item.Name == "" {
		item.Name = name
	}
	return hash
}

// noteDrift reads X-Schema-Drift: a version, or name=version for each name of a batch.
func (c *core) noteDrift(made *request, header string) {
	if header == "" || c.onSchemaDrift == nil {
		return
	}
	for _, part := range strings.Split(header, ",") {
		name, version, isNamed := strings.Cut(strings.TrimSpace(part), "=")
		if !isNamed {
			name, version = made.event, name
		}
		c.onSchemaDrift(name, version)
	}
}
