package store

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Header and Meta are JSON objects that later versions of this format may add
// fields to. What this version does not know it keeps as it is: an edit by an
// older secrets loses nothing that a newer one wrote.
type laterFields map[string]json.RawMessage

// decodeFields reads the fields of v, a pointer to a struct, and returns those
// that it does not have.
func decodeFields(b []byte, v any) (laterFields, error) {
	var later laterFields
	if err := json.Unmarshal(b, &later); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return nil, err
	}
	for name := range fieldNames(v) {
		delete(later, name)
	}
	return later, nil
}

// encodeFields is the reverse; the names come out sorted.
func encodeFields(v any, later laterFields) ([]byte, error) {
	known, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var all laterFields
	if err := json.Unmarshal(known, &all); err != nil {
		return nil, err
	}
	for name, raw := range later {
		all[name] = raw
	}
	return json.Marshal(all)
}

// unknown returns those critical fields that v, a pointer to a struct, lacks.
func unknown(critical map[string]string, v any) map[string]string {
	names := fieldNames(v)
	missing := map[string]string{}
	for field, since := range critical {
		if !names[field] {
			missing[field] = since
		}
	}
	return missing
}

// fieldNames lists the JSON names of the struct that v points to.
func fieldNames(v any) map[string]bool {
	names := map[string]bool{}
	for field := range reflect.TypeOf(v).Elem().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names[name] = true
		}
	}
	return names
}
