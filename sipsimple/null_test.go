package sipsimple_test

import (
	"reflect"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple"
)

// TestNullObjects: what a session does not have is nil, and any method of it is
// harmless: attributes are empty, commands do nothing but say so (row X20).
func TestNullObjects(t *testing.T) {
	inLab(t, func(l *lab) {
		alice := l.party("alice")
		defer stop(alice)
		session := sipsimple.NewSession(alice.Application, nil)
		absent := []any{session.Conference(), session.TransferHandler(), session.TransferInfo(), session.ReplacedSession()}
		for _, null := range absent {
			value := reflect.ValueOf(null)
			if !value.IsNil() {
				t.Errorf("a new session has %T %v", null, null)
				continue
			}
			if value.NumMethod() == 0 {
				t.Errorf("%T has no methods", null)
			}
			for i := range value.NumMethod() {
				callHarmless(t, value.Type().Method(i).Name, value.Method(i))
			}
		}
	})
}

// callHarmless calls a method of a null object with empty arguments.
func callHarmless(t *testing.T, name string, method reflect.Value) {
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s panics: %v", name, r)
		}
	}()
	args := make([]reflect.Value, method.Type().NumIn())
	for i := range args {
		args[i] = reflect.Zero(method.Type().In(i))
	}
	for _, result := range method.Call(args) {
		if result.Type() == reflect.TypeFor[error]() {
			if result.IsNil() {
				t.Errorf("%s claims to have done it", name)
			}
		} else if !result.IsZero() && result.Interface() != any(sipsimple.Null) {
			t.Errorf("%s is %v", name, result)
		}
	}
}
