package streams

import (
	"errors"

	"github.com/go-sipsimple/callflow/audio"
)

// Notifications of recording.
type (
	// AudioStreamWillStartRecordingAudio comes before the file is created.
	AudioStreamWillStartRecordingAudio struct {
		Filename string `field:"filename"`
	}
	// AudioStreamDidStartRecordingAudio: the file is open.
	AudioStreamDidStartRecordingAudio struct {
		Filename string `field:"filename"`
	}
	// AudioStreamWillStopRecordingAudio comes before the file is closed.
	AudioStreamWillStopRecordingAudio struct {
		Filename string `field:"filename"`
	}
	// AudioStreamDidStopRecordingAudio: the file is complete; with a reason, it
	// could not be created.
	AudioStreamDidStopRecordingAudio struct {
		Filename string `field:"filename"`
		Reason   string `field:"reason,omit"`
	}
)

func (AudioStreamWillStartRecordingAudio) NotificationName() string {
	return "AudioStreamWillStartRecordingAudio"
}
func (AudioStreamDidStartRecordingAudio) NotificationName() string {
	return "AudioStreamDidStartRecordingAudio"
}
func (AudioStreamWillStopRecordingAudio) NotificationName() string {
	return "AudioStreamWillStopRecordingAudio"
}
func (AudioStreamDidStopRecordingAudio) NotificationName() string {
	return "AudioStreamDidStopRecordingAudio"
}

// Errors of recording.
var (
	ErrRecording    = errors.New("the stream is being recorded already")
	ErrNotRecording = errors.New("the stream is not being recorded")
)

// recording is a recorder in the bridge of its stream.
type recording struct {
	filename string
	recorder *audio.WaveRecorder
}

// StartRecording records both sides of the call to a wave file, which is created
// with missing directories. On hold silence is recorded. It is legal while
// ESTABLISHED only (else an [*IllegalStateError]); the other error is
// [ErrRecording]. A file that cannot be created is notified.
func (s *AudioStream) StartRecording(filename string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state != AudioEstablished || s.failed:
		return &IllegalStateError{Method: "StartRecording", State: string(s.state)}
	case s.recording != nil:
		return ErrRecording
	}
	s.env.Center.Post(s, AudioStreamWillStartRecordingAudio{Filename: filename})
	r := &recording{filename, audio.NewWaveRecorder(s.mixer, filename)}
	if err := r.recorder.Start(); err != nil {
		s.env.Center.Post(s, AudioStreamDidStopRecordingAudio{Filename: filename, Reason: err.Error()})
		return nil
	}
	s.recording = r
	s.joinRecorderLocked()
	s.env.Center.Post(s, AudioStreamDidStartRecordingAudio{Filename: filename})
	return nil
}

// StopRecording ends the recording: the file is complete when it returns. The
// error is [ErrNotRecording].
func (s *AudioStream) StopRecording() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recording == nil {
		return ErrNotRecording
	}
	s.stopRecordingLocked()
	return nil
}

func (s *AudioStream) stopRecordingLocked() {
	r := s.recording
	if r == nil {
		return
	}
	s.recording = nil
	s.env.Center.Post(s, AudioStreamWillStopRecordingAudio{Filename: r.filename})
	_ = s.bridge.Remove(r.recorder) // it may be out because of a hold
	if err := r.recorder.Stop(); err != nil {
		s.logger().Warn("recording of a call is incomplete", "filename", r.filename, "error", err)
	}
	s.env.Center.Post(s, AudioStreamDidStopRecordingAudio{Filename: r.filename})
}

// joinRecorderLocked keeps the recorder out of the bridge while any hold is in
// force.
func (s *AudioStream) joinRecorderLocked() {
	if s.recording == nil {
		return
	}
	if s.hold.Silent() || s.hold.Remote {
		_ = s.bridge.Remove(s.recording.recorder) // it may be out already
		return
	}
	if err := s.bridge.Add(s.recording.recorder); err != nil {
		s.logger().Warn("recorder cannot join the call", "error", err)
	}
}

// RecordingActive says whether the stream is being recorded.
func (s *AudioStream) RecordingActive() bool { return s.RecordingFilename() != "" }

// RecordingFilename is the file of the recording, "" without one.
func (s *AudioStream) RecordingFilename() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recording == nil {
		return ""
	}
	return s.recording.filename
}
