package clarion

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// decode reads an answer; unknown members are kept in Extra, at every level.
func decode(data []byte, target any) error {
	if err := json.Unmarshal(data, target); err != nil {
		return err
	}
	keepExtra(data, reflect.ValueOf(target))
	return nil
}

func keepExtra(data []byte, value reflect.Value) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			keepExtra(data, value.Elem())
		}
	case reflect.Struct:
		keepExtraOfStruct(data, value)
	case reflect.Slice:
		if !leadsToStruct(value.Type()) {
			return
		}
		var items []json.RawMessage
		if json.Unmarshal(data, &items) == nil && len(items) == value.Len() {
			for at := range items {
				keepExtra(items[at], value.Index(at))
			}
		}
	}
}

func keepExtraOfStruct(data []byte, value reflect.Value) {
	fields := fieldsOf(value.Type())
	if fields.extra < 0 {
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return
	}
	for name, at := range fields.byName {
		if raw, ok := members[name]; ok {
			if fields.nested[at] {
				keepExtra(raw, value.Field(at))
			}
			delete(members, name)
		}
	}
	if len(members) > 0 {
		value.Field(fields.extra).Set(reflect.ValueOf(members))
	}
}

type structFields struct {
	byName map[string]int
	nested map[int]bool
	extra  int
}

var knownFields sync.Map

func fieldsOf(kind reflect.Type) structFields {
	if found, ok := knownFields.Load(kind); ok {
		return found.(structFields)
	}
	made := structFields{map[string]int{}, map[int]bool{}, -1}
	for at := range kind.NumField() {
		field := kind.Field(at)
		if field.Name == "Extra" {
			made.extra = at
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		made.byName[name] = at
		made.nested[at] = leadsToStruct(field.Type)
	}
	knownFields.Store(kind, made)
	return made
}

func leadsToStruct(kind reflect.Type) bool {
	for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
		kind = kind.Elem()
	}
	return kind.Kind() == reflect.Struct
}
