package store

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckLabel(t *testing.T) {
	for label, ok := range map[string]bool{
		"a": true, "9": true, "openai-api-key": true, "Prod/Stripe.key_2@eu": true,
		strings.Repeat("a", MaxLabel): true,

		"": false, strings.Repeat("a", MaxLabel+1): false, "-a": false, ".a": false, "/a": false, "@a": false, "_a": false,
		"a b": false, "a\n": false, "a\x00": false, "a=b": false, "a:b": false, "ä": false, "a\u0308": false, "a*": false,
	} {
		err := CheckLabel(label)
		if (err == nil) != ok {
			t.Errorf("%q: got error %v, want ok %v", label, err, ok)
		}
		var bad *LabelError
		if err != nil && !errors.As(err, &bad) {
			t.Errorf("%q: got error %T, want %T", label, err, bad)
		}
	}
}

// What is typed in the place of a label may be a value.
func TestLabelErrorsDoNotRepeatTheText(t *testing.T) {
	for _, label := range []string{"openai=sk-canary", "sk-canary " + strings.Repeat("x", MaxLabel)} {
		if err := CheckLabel(label); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("got error %v", err)
		}
	}
	if err := CheckEnv("A=canary"); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got error %v", err)
	}
}

func TestEnvName(t *testing.T) {
	for label, want := range map[string]string{
		"openai-api-key": "OPENAI_API_KEY",
		"Prod/a.b@c_d":   "PROD_A_B_C_D",
		"x9":             "X9",
		"9x":             "",
	} {
		got, err := EnvName(label)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", label, got, err, want)
		}
	}
	if got, err := (Meta{Label: "9x", Env: "NINE"}).EnvName(); got != "NINE" || err != nil {
		t.Errorf("got %q, %v, want NINE", got, err)
	}
}
