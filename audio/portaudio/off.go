//go:build !portaudio || !cgo

package portaudio

import "log/slog"

// Open returns [ErrNotBuilt]: this program was built without the driver.
func Open(*slog.Logger) (Driver, error) { return nil, ErrNotBuilt }
