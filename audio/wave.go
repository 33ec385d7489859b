package audio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrNotWave is what damaged files and files of another kind give.
var ErrNotWave = errors.New("no wave file that can be played")

// Encodings of wave files that we read.
const (
	wavePCM        = 1
	waveALaw       = 6
	waveMuLaw      = 7
	waveExtensible = 0xFFFE // the encoding follows in the format chunk
)

// Limits of wave files that we read.
const (
	maxWaveSize = 256 << 20 // octets: 45 minutes of the heaviest sort we write
	minWaveRate = 4000      // Hz
	maxWaveRate = 192000
)

// waveHeader is the size of the header that we write.
const waveHeader = 44

// wave is the sound of a RIFF/WAVE file: PCM of 16 bit, or A-law or µ-law, mono
// or stereo, which becomes mono.
type wave struct {
	encoding int
	channels int
	rate     int // Hz
	data     []byte
	at       int // octet of data
}

// readWave reads a file as a whole. The error is that of the file, or wraps
// [ErrNotWave].
func readWave(filename string) (*wave, error) {
	file, err := os.Open(filename)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxWaveSize {
		return nil, fmt.Errorf("%s: %w: it is no plain file of at most %d MB", filename, ErrNotWave, maxWaveSize>>20)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxWaveSize))
	if err != nil {
		return nil, err
	}
	w, err := parseWave(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filename, err)
	}
	return w, nil
}

// parseWave reads the chunks of a file. Chunks that say they are longer than the
// file, as in a recording that was cut off, end with it.
func parseWave(content []byte) (*wave, error) {
	if len(content) < 12 || string(content[:4]) != "RIFF" || string(content[8:12]) != "WAVE" {
		return nil, fmt.Errorf("%w: it does not begin with RIFF and WAVE", ErrNotWave)
	}
	w := &wave{}
	for rest := content[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:]))
		chunk := rest[8:min(uint64(len(rest)), 8+size)]
		switch name {
		case "fmt ":
			if err := w.format(chunk); err != nil {
				return nil, err
			}
		case "data":
			if w.rate == 0 {
				return nil, fmt.Errorf("%w: sound comes before its format", ErrNotWave)
			}
			w.data = chunk[:len(chunk)-len(chunk)%w.blockSize()]
			return w, nil
		}
		rest = rest[min(uint64(len(rest)), 8+size+size&1):]
	}
	return nil, fmt.Errorf("%w: it has no sound", ErrNotWave)
}

func (w *wave) format(chunk []byte) error {
	if len(chunk) < 16 {
		return fmt.Errorf("%w: its format is cut off", ErrNotWave)
	}
	w.encoding = int(binary.LittleEndian.Uint16(chunk))
	w.channels = int(binary.LittleEndian.Uint16(chunk[2:]))
	rate, bits := binary.LittleEndian.Uint32(chunk[4:]), binary.LittleEndian.Uint16(chunk[14:])
	if w.encoding == waveExtensible && len(chunk) >= 26 {
		w.encoding = int(binary.LittleEndian.Uint16(chunk[24:]))
	}
	known := w.encoding == wavePCM && bits == 16 || (w.encoding == waveALaw || w.encoding == waveMuLaw) && bits == 8
	if !known || w.channels < 1 || w.channels > 2 || rate < minWaveRate || rate > maxWaveRate {
		return fmt.Errorf("%w: encoding %d with %d bits, %d channels and %d Hz", ErrNotWave, w.encoding, bits, w.channels, rate)
	}
	w.rate = int(rate)
	return nil
}

func (w *wave) sampleSize() int {
	if w.encoding == wavePCM {
		return 2
	}
	return 1
}

func (w *wave) blockSize() int { return w.sampleSize() * w.channels }

// read appends at most n samples and returns the longer slice.
func (w *wave) read(samples []int16, n int) []int16 {
	for range min(n, (len(w.data)-w.at)/w.blockSize()) {
		sum := 0
		for range w.channels {
			sum += int(w.sample())
			w.at += w.sampleSize()
		}
		samples = append(samples, int16(sum/w.channels))
	}
	return samples
}

func (w *wave) sample() int16 {
	switch w.encoding {
	case waveALaw:
		return aLawValues[w.data[w.at]]
	case waveMuLaw:
		return muLawValues[w.data[w.at]]
	}
	return int16(binary.LittleEndian.Uint16(w.data[w.at:]))
}

// appendWaveHeader appends the header of mono PCM of 16 bit.
func appendWaveHeader(out []byte, rate int, dataSize uint32) []byte {
	out = append(out, "RIFF"...)
	out = binary.LittleEndian.AppendUint32(out, dataSize+waveHeader-8)
	out = append(out, "WAVEfmt "...)
	out = binary.LittleEndian.AppendUint32(out, 16)
	out = binary.LittleEndian.AppendUint16(out, wavePCM)
	out = binary.LittleEndian.AppendUint16(out, 1)
	out = binary.LittleEndian.AppendUint32(out, uint32(rate))
	out = binary.LittleEndian.AppendUint32(out, uint32(2*rate))
	out = binary.LittleEndian.AppendUint16(out, 2)
	out = binary.LittleEndian.AppendUint16(out, 16)
	out = append(out, "data"...)
	return binary.LittleEndian.AppendUint32(out, dataSize)
}
