package configuration

import (
	"errors"
	"slices"
	"strings"
)

// Type says which values a setting accepts and how they are stored. Parse is
// the only judge: a value that is assigned is formatted and parsed.
type Type[T any] struct {
	// Expected is what an error tells to write, such as "a port, 0 to 65535".
	Expected string
	// Parse reads a stored value: a text (string) or a list ([]string). Its
	// error need not say more than that the value is wrong.
	Parse func(stored any) (T, error)
	// Format is the inverse of Parse.
	Format func(T) any
	// Clone copies a value that has memory of its own, such as a list; nil means
	// that values can be shared.
	Clone func(T) T
	// Secret keeps values out of errors.
	Secret bool
}

var errValue = errors.New("not accepted")

// TextType is a [Type] that is stored as a text.
func TextType[T any](expected string, parse func(string) (T, error), format func(T) string) Type[T] {
	return Type[T]{
		Expected: expected,
		Parse: func(stored any) (T, error) {
			if text, ok := stored.(string); ok {
				return parse(text)
			}
			var zero T
			return zero, errValue
		},
		Format: func(v T) any { return format(v) },
	}
}

// EnumType is a [Type] of some texts.
func EnumType[T ~string](values ...T) Type[T] {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return TextType("one of "+strings.Join(words, ", "), func(text string) (T, error) {
		if !slices.Contains(values, T(text)) {
			return "", errValue
		}
		return T(text), nil
	}, func(v T) string { return string(v) })
}

// ListType is a [Type] of lists of T, stored as a list. A single text counts as
// a list, too: its parts between commas. With unique, nothing may occur twice.
func ListType[L ~[]T, T any](item Type[T], unique bool) Type[L] {
	expected := "a list of " + item.Expected
	if unique {
		expected += ", none of them twice"
	}
	return Type[L]{
		Expected: expected,
		Parse: func(stored any) (L, error) {
			texts, ok := stored.([]string)
			if text, single := stored.(string); single {
				texts, ok = splitList(text), true
			}
			if !ok {
				return nil, errValue
			}
			list := make(L, 0, len(texts))
			for i, text := range texts {
				v, err := item.Parse(text)
				if err != nil || unique && slices.Contains(texts[:i], text) {
					return nil, errValue
				}
				list = append(list, v)
			}
			return list, nil
		},
		Format: func(list L) any {
			texts := make([]string, 0, len(list))
			for _, v := range list {
				text, _ := item.Format(v).(string)
				texts = append(texts, text)
			}
			return texts
		},
		Clone:  func(list L) L { return slices.Clone(list) },
		Secret: item.Secret,
	}
}

func splitList(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
