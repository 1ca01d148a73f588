package cmd

import (
	"bytes"
	"testing"
	"time"

	"secrets/exec"
	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

// A remembering chest knows what it handed out.
type remembering struct {
	chest
	given []redact.Value
}

func (r *remembering) Get(label string) (store.Meta, redact.Value, error) {
	m, value, err := r.chest.Get(label)
	r.given = append(r.given, value)
	return m, value, err
}

// What was lent is overwritten, also where a later label is not there.
func TestLentIsWiped(t *testing.T) {
	items := []transfer.Item{{Label: "a"}, {Label: "b"}, {Label: "c"}, {Label: "9"}} // 9 names no variable
	for i := range items {
		items[i].Value = redact.NewValue([]byte("sk-0123456789"))
	}
	for name, c := range map[string]struct {
		wishes
		taken int
	}{
		"all":                {wishes{variables: []use{{label: "a"}}, files: []use{{"F", "b"}}, input: "c"}, 3},
		"a missing label":    {wishes{variables: []use{{label: "a"}, {label: "none"}}}, 1},
		"a missing file":     {wishes{variables: []use{{label: "a"}}, files: []use{{"F", "b"}, {"G", "none"}}}, 2},
		"a missing input":    {wishes{variables: []use{{label: "a"}}, input: "none"}, 1},
		"one without a name": {wishes{variables: []use{{label: "a"}, {label: "9"}}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.Command{Masked: []redact.Secret{{Label: "M", Value: redact.NewValue([]byte("sk-masked"))}}}
			from := &remembering{chest: bundleChest{&transfer.Bundle{Items: items}}}
			err := c.take(Sys{Now: time.Now}, from, &command)
			if (err == nil) != (name == "all") {
				t.Fatal(err)
			}
			wipeLent(&command)
			given := 0
			for _, v := range append(from.given, command.Masked[0].Value) {
				if v.Len() > 0 {
					given++
				}
				if !bytes.Equal(v.Expose(), make([]byte, v.Len())) {
					t.Errorf("%q is still there", v.Expose())
				}
			}
			if want := c.taken + 1; given != want {
				t.Errorf("%d values, want %d", given, want)
			}
		})
	}
}
