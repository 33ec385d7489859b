package hear

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// snap is how near to a wanted tone a found one is taken for it, in Hz.
const snap = 3.0

// maxSpectra bounds how many spectra are averaged.
const maxSpectra = 6

// findTones finds the tones by the peaks of the mean spectrum.
func findTones(samples []int16, rate int, want []float64) []float64 {
	size := spectrumSize(len(samples), rate)
	if size < 64 {
		return nil
	}
	spectrum := meanSpectrum(samples, size)
	top := 0.0
	for _, p := range spectrum {
		top = max(top, p)
	}
	var hz, powers []float64
	for i := 2; i < len(spectrum)-2; i++ {
		p := spectrum[i]
		peak := p > spectrum[i-1] && p >= spectrum[i+1] && p > spectrum[i-2] && p > spectrum[i+2]
		if peak && p >= top*math.Pow(10, -audible/10) {
			hz = append(hz, tidy((float64(i)+offset(spectrum[i-1], p, spectrum[i+1]))*float64(rate)/float64(size), want))
			powers = append(powers, p)
		}
	}
	return strongest(hz, powers, top)
}

// spectrumSize is a power of two of about half a second.
func spectrumSize(samples, rate int) int {
	size := 1
	for size*2 <= min(samples, rate*5/8) {
		size *= 2
	}
	return size
}

// meanSpectrum is the mean power spectrum of windows spread over the samples.
func meanSpectrum(samples []int16, size int) []float64 {
	fft := fourier.NewFFT(size)
	window := tabulate(size, func(i int) float64 { return 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(size)) })
	spectrum, input := make([]float64, size/2+1), make([]float64, size)
	coefficients := make([]complex128, size/2+1)
	count := max(1, min(maxSpectra, len(samples)/size))
	for k := range count {
		at := 0
		if count > 1 {
			at = (len(samples) - size) * k / (count - 1)
		}
		for i := range input {
			input[i] = float64(samples[at+i]) * window[i]
		}
		fft.Coefficients(coefficients, input)
		for i, c := range coefficients {
			spectrum[i] += real(c)*real(c) + imag(c)*imag(c)
		}
	}
	return spectrum
}

// offset is where between bins a peak lies: the vertex of the parabola through
// the logarithms.
func offset(left, peak, right float64) float64 {
	a, b, c := math.Log(left+1e-9), math.Log(peak+1e-9), math.Log(right+1e-9)
	if d := a - 2*b + c; d < 0 {
		return (a - c) / (2 * d)
	}
	return 0
}

func tidy(hz float64, want []float64) float64 {
	for _, w := range want {
		if math.Abs(hz-w) <= snap {
			return w
		}
	}
	return math.Round(hz)
}
