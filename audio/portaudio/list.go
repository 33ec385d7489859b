//go:build portaudio && cgo

package portaudio

import (
	"slices"
	"strings"
	"time"

	"github.com/gordonklaus/portaudio"
)

// list is what PortAudio knew when it was started last.
type list struct {
	devices []listed
}

// listed is a device with what is needed to open it.
type listed struct {
	Info
	device *portaudio.DeviceInfo
}

// ours begins the names of the clients of PortAudio itself, which JACK lists.
const ours = "PortAudio"

// readList asks PortAudio, which is running.
func readList() (list, error) {
	devices, err := portaudio.Devices()
	if err != nil {
		return list{}, err
	}
	input, inputErr := portaudio.DefaultInputDevice()
	output, outputErr := portaudio.DefaultOutputDevice()
	var l list
	for _, d := range devices {
		if strings.HasPrefix(d.Name, ours) || d.MaxInputChannels+d.MaxOutputChannels == 0 {
			continue
		}
		name := d.Name
		if slices.Contains(l.names(all), name) {
			name += " (" + d.HostApi.Type.String() + ")"
		}
		l.devices = append(l.devices, listed{Info{
			Name: name, API: d.HostApi.Type.String(), Inputs: d.MaxInputChannels, Outputs: d.MaxOutputChannels,
			SampleRate: int(d.DefaultSampleRate), DefaultInput: inputErr == nil && d == input, DefaultOutput: outputErr == nil && d == output,
		}, d})
	}
	return l, nil
}

func all(listed) bool { return true }

// names are those of the devices that are fit.
func (l list) names(fit func(listed) bool) []string {
	var names []string
	for _, d := range l.devices {
		if fit(d) {
			names = append(names, d.Name)
		}
	}
	return names
}

func (l list) find(name string) (listed, bool) {
	i := slices.IndexFunc(l.devices, func(d listed) bool { return d.Name == name })
	if i < 0 {
		return listed{}, false
	}
	return l.devices[i], true
}

func (l list) infos() []Info {
	infos := make([]Info, len(l.devices))
	for i, d := range l.devices {
		infos[i] = d.Info
	}
	return infos
}

// mostLatency bounds what devices say of their latency; some say a day.
const mostLatency = 50 * time.Millisecond

func latency(d time.Duration) time.Duration { return max(0, min(d, mostLatency)) }
