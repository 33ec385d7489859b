package storage

import "github.com/go-sipsimple/callflow/sipsimple/internal/atomicfile"

// SetBefore lets a test break off a write at any step.
func (f *File) SetBefore(before func(atomicfile.Step) error) { f.replacer.Before = before }
