package notification

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Data is the typed content of a notification. The name belongs to the type:
// a struct cannot be posted under the wrong name.
//
// Exported struct fields with a tag `field:"name"` are the named attributes of
// the seed. Options after the name: "null" reports the zero value as null,
// "omit" leaves the field out when it is zero. A field whose type has a method
// FieldValue() any is reported as what that method returns.
type Data interface {
	NotificationName() string
}

// Notification is one event as observers see it.
type Notification struct {
	Name      string    // as in the seed, such as SIPSessionDidFail
	Sender    any       // the object concerned: an application, a session, a stream …
	Data      Data      // never nil
	Timestamp time.Time // wall clock at Post (seed: "timestamp")
	Seq       uint64    // position in the centre's total order, from 1
	Center    *Center   // the centre that posted it

	ctx context.Context
}

// Context is a context that marks the dispatcher: handed to [Center.PostWait]
// by an observer, it turns the wait into a plain Post, which could otherwise
// never end.
func (n Notification) Context() context.Context {
	if n.ctx == nil {
		return context.Background()
	}
	return n.ctx
}

// Fields returns the named attributes of the data, "timestamp" among them, as
// a new map. Values are those of the struct; null is nil.
func (n Notification) Fields() map[string]any {
	fields := DataFields(n.Data)
	fields["timestamp"] = n.Timestamp
	return fields
}

// Field is the description of one named attribute.
type Field struct {
	Name string
	Type reflect.Type
	Null bool // may be null
	Omit bool // may be absent

	index int
}

var fieldCache sync.Map // reflect.Type -> []Field

// FieldsOf describes the named attributes of a data type, in declaration
// order. "timestamp", which every notification has, is not among them.
func FieldsOf(data Data) []Field {
	t := structType(data)
	if t == nil {
		return nil
	}
	if cached, ok := fieldCache.Load(t); ok {
		return cached.([]Field)
	}
	var fields []Field
	for i := range t.NumField() {
		tag, ok := t.Field(i).Tag.Lookup("field")
		if !ok {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		fields = append(fields, Field{
			Name: name, Type: t.Field(i).Type, index: i,
			Null: strings.Contains(options, "null"), Omit: strings.Contains(options, "omit"),
		})
	}
	fieldCache.Store(t, fields)
	return fields
}

// DataFields returns the named attributes of data as a new map.
func DataFields(data Data) map[string]any {
	fields := map[string]any{}
	v := reflect.Indirect(reflect.ValueOf(data))
	for _, f := range FieldsOf(data) {
		value := v.Field(f.index)
		zero := value.IsZero()
		switch {
		case zero && f.Omit:
		case zero && f.Null:
			fields[f.Name] = nil
		default:
			fields[f.Name] = fieldValue(value)
		}
	}
	return fields
}

func fieldValue(v reflect.Value) any {
	value := v.Interface()
	if custom, ok := value.(interface{ FieldValue() any }); ok {
		return custom.FieldValue()
	}
	return value
}

func structType(data Data) reflect.Type {
	if data == nil {
		return nil
	}
	t := reflect.TypeOf(data)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}
