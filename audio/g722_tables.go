package audio

// Tables of ITU-T G.722. The quantiser of the lower band has 30 intervals on
// each side of 0; its 6-bit codes count from the outside.

// qmf are the coefficients of the quadrature mirror filter of 24 taps (table
// 11), of which the other half is the mirror image; they sum up to 2^12.
var qmf = [12]int32{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

// lowDecisions are the decision levels of the lower band (table 14).
var lowDecisions = [30]int32{
	0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650,
	714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
}

// Codes of the intervals of the lower band, for negative and positive
// differences (table 16).
var (
	lowNegative = [31]uint8{
		0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20,
		19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
	}
	lowPositive = [31]uint8{
		0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48,
		47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
	}
)

// lowValues6 are the output values of the lower band by 6-bit code, lowValues4
// those by the upper 4 bits, which adapt the predictor (tables 17 and 18).
var (
	lowValues6 = [64]int32{
		-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
		-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
		24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
		4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
	}
	lowValues4 = [16]int32{
		0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
	}
)

// lowSteps is how the scale factor of the lower band grows by 4-bit code (tables
// 19 and 20 in one).
var lowSteps = [16]int32{-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60}

// The higher band has 2 bits: decision level, values and growth by code.
const highDecision = 564

var (
	highValues = [4]int32{-7408, -1616, 7408, 1616}
	highSteps  = [4]int32{798, -214, 798, -214}
)

// scales is 2^(i/32) times 2^11 (table 15).
var scales = [32]int32{
	2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
	2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
}
