// Package scenarios holds the call flows that come with the laboratory, one
// file a flow, one folder a theme; data holds what scripts send as it is.
package scenarios

import "embed"

// FS holds every scenario, part and data file; paths are those of this folder.
//
//go:embed */*.yaml data/*
var FS embed.FS
