// Code generated from TENANT_CUSTOM:org_x:order.placed@1.0.0, schema SHA-256 11493c5ac9987d66b454155af55b848bc2c80ae66f6efb53634ec89ec70f8883; DO NOT EDIT.

package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf16"
)

type OrderPlaced struct {
	// "id", required.
	ID string `json:"id"`

	// "at", required.
	At string `json:"at"`

	// "currency", optional.
	Currency *OrderPlacedCurrency `json:"currency,omitempty"`

	// "lines", optional.
	Lines []OrderPlacedLine `json:"lines,omitempty"`

	// "note", optional.
	Note *OrderPlacedNullable[string] `json:"note,omitempty"`

	// "labels", optional.
	Labels map[string]string `json:"labels,omitempty"`

	// Properties of later versions; this one allows no others.
	AdditionalProperties map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads what the schema names and keeps the rest.
func (payload *OrderPlaced) UnmarshalJSON(data []byte) error {
	members, err := orderPlacedMembers(data)
	if err != nil || members == nil {
		return err
	}
	*payload = OrderPlaced{}
	if err := orderPlacedReadRequired(members, "id", &payload.ID); err != nil {
		return err
	}
	if err := orderPlacedReadRequired(members, "at", &payload.At); err != nil {
		return err
	}
	if err := orderPlacedRead(members, "currency", &payload.Currency); err != nil {
		return err
	}
	if err := orderPlacedRead(members, "lines", &payload.Lines); err != nil {
		return err
	}
	if err := orderPlacedReadNullable(members, "note", &payload.Note); err != nil {
		return err
	}
	if err := orderPlacedRead(members, "labels", &payload.Labels); err != nil {
		return err
	}
	if len(members) > 0 {
		payload.AdditionalProperties = members
	}
	return nil
}

// MarshalJSON writes what is there: an optional property that is nil is left out.
func (payload OrderPlaced) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	for name, value := range payload.AdditionalProperties {
		members[name] = value
	}
	members["id"] = payload.ID
	members["at"] = payload.At
	if payload.Currency != nil {
		members["currency"] = payload.Currency
	}
	if payload.Lines != nil {
		members["lines"] = payload.Lines
	}
	if payload.Note != nil {
		members["note"] = payload.Note.Value
	}
	if payload.Labels != nil {
		members["labels"] = payload.Labels
	}
	return json.Marshal(members)
}

// ClarionEvent is the event's name and the hash of its schema.
func (OrderPlaced) ClarionEvent() (name, schemaHash string) {
	return "order.placed", OrderPlacedSchemaHash
}

// OrderPlacedCurrency is one of the values below.
type OrderPlacedCurrency string

const OrderPlacedCurrencyEUR OrderPlacedCurrency = "EUR"
const OrderPlacedCurrencyUSD OrderPlacedCurrency = "USD"

type OrderPlacedLine struct {
	// "sku", required.
	Sku string `json:"sku"`

	// "quantity", optional.
	Quantity *int64 `json:"quantity,omitempty"`

	// Properties that the schema does not name.
	AdditionalProperties map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON reads what the schema names and keeps the rest.
func (payload *OrderPlacedLine) UnmarshalJSON(data []byte) error {
	members, err := orderPlacedMembers(data)
	if err != nil || members == nil {
		return err
	}
	*payload = OrderPlacedLine{}
	if err := orderPlacedReadRequired(members, "sku", &payload.Sku); err != nil {
		return err
	}
	if err := orderPlacedRead(members, "quantity", &payload.Quantity, orderPlacedIntegers); err != nil {
		return err
	}
	if len(members) > 0 {
		payload.AdditionalProperties = members
	}
	return nil
}

// MarshalJSON writes what is there: an optional property that is nil is left out.
func (payload OrderPlacedLine) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	for name, value := range payload.AdditionalProperties {
		members[name] = value
	}
	members["sku"] = payload.Sku
	if payload.Quantity != nil {
		members["quantity"] = payload.Quantity
	}
	return json.Marshal(members)
}

// OrderPlacedNullable is a value, or null where Value is nil. A property that is absent has no OrderPlacedNullable.
type OrderPlacedNullable[T any] struct {
	Value *T
}

// orderPlacedMembers reads an object; it refuses what a string of Go cannot hold.
func orderPlacedMembers(data []byte) (map[string]json.RawMessage, error) {
	if orderPlacedHasHalfPair(data) {
		return nil, fmt.Errorf("a string has half a surrogate pair, which Go would replace")
	}
	var members map[string]json.RawMessage
	err := json.Unmarshal(data, &members)
	return members, err
}

// orderPlacedHasHalfPair finds escapes such as \ud83d without their other half.
func orderPlacedHasHalfPair(data []byte) bool {
	unit := func(at int) rune {
		if at+6 > len(data) || data[at] != '\\' || data[at+1] != 'u' {
			return 0
		}
		value, _ := strconv.ParseUint(string(data[at+2:at+6]), 16, 16)
		return rune(value)
	}
	for at := 0; at < len(data); at++ {
		if data[at] != '\\' {
			continue
		}
		if first := unit(at); utf16.IsSurrogate(first) {
			if utf16.DecodeRune(first, unit(at+6)) == '\uFFFD' {
				return true
			}
			at += 6
		}
		at++
	}
	return false
}

// orderPlacedRead moves a property from members to target, if it is there; before that come the steps of prepare.
func orderPlacedRead(members map[string]json.RawMessage, name string, target any, prepare ...func([]byte) []byte) error {
	raw, found := members[name]
	if !found {
		return nil
	}
	delete(members, name)
	for _, step := range prepare {
		raw = step(raw)
	}
	if err := json.Unmarshal(raw, target); err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	return nil
}

func orderPlacedReadRequired(members map[string]json.RawMessage, name string, target any, prepare ...func([]byte) []byte) error {
	if _, found := members[name]; !found {
		return fmt.Errorf("%q is missing", name)
	}
	return orderPlacedRead(members, name, target, prepare...)
}

func orderPlacedReadNullable[T any](members map[string]json.RawMessage, name string, target **OrderPlacedNullable[T], prepare ...func([]byte) []byte) error {
	if _, found := members[name]; !found {
		return nil
	}
	*target = &OrderPlacedNullable[T]{}
	return orderPlacedRead(members, name, &(*target).Value, prepare...)
}

// orderPlacedIntegers writes 1.0 and 1e3 as 1 and 1000: JSON takes them for integers, encoding/json does not.
func orderPlacedIntegers(raw []byte) []byte {
	if !bytes.ContainsAny(raw, ".eE") {
		return raw
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return raw
	}
	rewritten, err := json.Marshal(orderPlacedWhole(value))
	if err != nil {
		return raw
	}
	return rewritten
}

func orderPlacedWhole(value any) any {
	switch value := value.(type) {
	case []any:
		for index := range value {
			value[index] = orderPlacedWhole(value[index])
		}
	case map[string]any:
		for name := range value {
			value[name] = orderPlacedWhole(value[name])
		}
	case json.Number:
		if size, err := value.Float64(); err == nil && math.Abs(size) < math.MaxUint64 {
			if exact, ok := new(big.Rat).SetString(value.String()); ok && exact.IsInt() {
				return json.Number(exact.Num().String())
			}
		}
	}
	return value
}

const OrderPlacedSchemaHash = "11493c5ac9987d66b454155af55b848bc2c80ae66f6efb53634ec89ec70f8883"
