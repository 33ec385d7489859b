package storage

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInUse means that another process (or another [File]) has the storage open.
var ErrInUse = errors.New("the storage is in use")

// InUseError is [ErrInUse] with who it is.
type InUseError struct {
	Dir string
	PID string // the process that has it open, as text; "" when unknown
}

func (e *InUseError) Error() string {
	by := "another process"
	if e.PID != "" {
		by = "process " + e.PID
	}
	return fmt.Sprintf("the storage %s is in use by %s; end that first, or use another folder", e.Dir, by)
}

// Is makes the error match [ErrInUse].
func (e *InUseError) Is(target error) bool { return target == ErrInUse }

// ParseError says what is wrong with a configuration file, and where. Values of
// settings, which may be passwords, are not in it.
type ParseError struct {
	File         string
	Line, Column int    // from 1; 0 when unknown
	Setting      string // dotted path, such as Accounts.alice@example.org.auth; "" when unknown
	Found        string // such as "a list in a list"
	Expected     string // such as "a text"
}

func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	if e.Setting != "" {
		b.WriteString(": " + e.Setting)
	}
	b.WriteString(": found " + e.Found)
	if e.Expected != "" {
		b.WriteString("; expected " + e.Expected)
	}
	return b.String()
}

// BuildError says that a tree cannot be saved.
type BuildError struct {
	Setting string // dotted path
	Problem string
}

func (e *BuildError) Error() string { return fmt.Sprintf("setting %s %s", e.Setting, e.Problem) }

func dotted(path []string) string { return strings.Join(path, ".") }
