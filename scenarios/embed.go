// Package scenarios holds the call flows that come with the laboratory, one
// file a flow, one folder a theme.
package scenarios

import "embed"

// FS holds every scenario and part; paths are those of this folder.
//
//go:embed */*.yaml
var FS embed.FS
