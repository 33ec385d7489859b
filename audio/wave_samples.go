package audio

import "os"

// ReadWaveFile reads a wave file as a whole, of one of the sorts that [WaveFile]
// plays. The error is that of the file, or wraps [ErrNotWave].
func ReadWaveFile(filename string) (samples []int16, rate int, err error) {
	w, err := readWave(filename)
	if err != nil {
		return nil, 0, err
	}
	return w.samples(), w.rate, nil
}

// DecodeWave is [ReadWaveFile] for the octets of a file. The error wraps [ErrNotWave].
func DecodeWave(content []byte) (samples []int16, rate int, err error) {
	w, err := parseWave(content)
	if err != nil {
		return nil, 0, err
	}
	return w.samples(), w.rate, nil
}

func (w *wave) samples() []int16 {
	n := len(w.data) / w.blockSize()
	return w.read(make([]int16, 0, n), n)
}

// WriteWaveFile writes mono PCM of 16 bit.
func WriteWaveFile(filename string, samples []int16, rate int) error {
	content := appendWaveHeader(make([]byte, 0, waveHeader+2*len(samples)), rate, uint32(2*len(samples)))
	for _, s := range samples {
		content = append(content, byte(s), byte(uint16(s)>>8))
	}
	return os.WriteFile(filename, content, 0o666)
}
