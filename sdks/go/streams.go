package clarion

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// The platform writes every 15 s: longer silence is a connection that is gone.
	silent      = 45 * time.Second
	firstPause  = 250 * time.Millisecond
	longestAway = 5 * time.Second
)

var streamEvents = operation{method: "GET", path: "/api/v1/events/stream", answer: "stream"}

// StreamQuery says which events a stream has, and where it begins.
type StreamQuery struct {
	// Types are selectors, at most 100.
	Types []string
	// Subject is the one that events have; empty is any.
	Subject string
	// Filter is a group of conditions, written as JSON.
	Filter any
	// From is where to start if the place has nothing: latest (default), earliest, a time or a cursor.
	From string
	// Until is a time or a cursor: the stream ends there.
	Until            string
	IncludeLifecycle bool
	// OnExpired is fail (default) or continue, where retention has passed the place.
	OnExpired string
	// Client names the stream: a new one of the same key and name ends the older one.
	Client string
}

// PlaceStore keeps where a reader has come to, from one run to the next.
type PlaceStore interface {
	// Load answers an empty text where nothing is kept yet.
	Load() (string, error)
	Save(cursor string) error
}

// StreamOptions are the place of a stream, and what its reader is notified of.
type StreamOptions struct {
	// Place is saved behind each event when the loop takes the next one: an unfinished event comes again.
	Place PlaceStore
	// OnOpen: connected, at the start and again after an interruption.
	OnOpen func(cursor string)
	// OnAway: the connection is gone, or could not be made; it is tried again.
	OnAway func(err error, retryIn time.Duration)
	// OnGap: events before the place were deleted. The number is nil where it is not known.
	OnGap func(earliestCursor string, lostEvents *int64)
}

// StreamedEvent is an event of the log, as Pull answers it.
type StreamedEvent = PullEventsResult

// StreamError is the end of a stream that does not pass, such as a key that was revoked.
type StreamError struct {
	Reason string
	// Cursor goes on behind the last event.
	Cursor string
}

func (e *StreamError) Error() string { return "clarion: the stream has ended: " + e.Reason }

// EventStream reconnects by itself, and goes on behind the last event that was finished.
type EventStream struct {
	core       *core
	ctx        context.Context
	query      url.Values
	options    StreamOptions
	cursor     string
	atHand     *streamLine
	failures   int
	hasOpened  bool
	queryError error
}

// Stream reads events as they come. Nothing is sent before All is read. It has no end, unless there is Until or ctx ends.
func (s *EventsService) Stream(ctx context.Context, query StreamQuery, options StreamOptions) *EventStream {
	values, err := query.values()
	return &EventStream{core: s.core, ctx: ctx, query: values, options: options, queryError: err}
}

func (q StreamQuery) values() (url.Values, error) {
	values := url.Values{}
	texts := map[string]string{
		"types": strings.Join(q.Types, ","), "subject": q.Subject, "from": q.From, "until": q.Until,
		"onExpired": q.OnExpired, "client": q.Client,
	}
	for name, text := range texts {
		if text != "" {
			values.Set(name, text)
		}
	}
	if q.IncludeLifecycle {
		values.Set("includeLifecycle", "true")
	}
	if q.Filter != nil {
		text, err := json.Marshal(q.Filter)
		if err != nil {
			return nil, err
		}
		values.Set("filter", string(text))
	}
	return values, nil
}

// Cursor is behind the last event that was finished; empty before the start is known.
func (s *EventStream) Cursor() string { return s.cursor }

// Commit: the event at hand is finished, for a loop that is left with it.
func (s *EventStream) Commit() error {
	if s.atHand == nil {
		return nil
	}
	return s.passTo(s.atHand)
}

type streamLine struct {
	Type           string
	Cursor         string
	Event          json.RawMessage
	Reason         string
	RetryMs        int64
	EarliestCursor string
	LostEvents     *int64
}

// All are the events. An error ends it: an *APIError, a *StreamError, or that of ctx or of the place.
func (s *EventStream) All() iter.Seq2[*StreamedEvent, error] {
	return func(yield func(*StreamedEvent, error) bool) {
		err := s.queryError
		if err == nil && s.options.Place != nil {
			s.cursor, err = s.options.Place.Load()
		}
		for err == nil {
			var isOver bool
			if isOver, err = s.connection(yield); isOver {
				return
			}
		}
		yield(nil, err)
	}
}

// errLeft: the loop was left.
var errLeft = errors.New("left")

// connection reads one, and waits for the next. True: it is the last, and all is said.
func (s *EventStream) connection(yield func(*StreamedEvent, error) bool) (bool, error) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	end, err := s.read(ctx, cancel, yield)
	switch {
	case errors.Is(err, errLeft):
		return true, nil
	case s.ctx.Err() != nil:
		return false, s.ctx.Err()
	case err != nil && !s.mayPass(err):
		return false, err
	case err == nil && end != nil && end.Reason == "until_reached":
		return true, nil
	case err == nil && end != nil:
		return false, s.wait(time.Duration(end.RetryMs) * time.Millisecond)
	case err == nil:
		err = &ConnectionError{"network_error", true, "The stream was cut.", io.ErrUnexpectedEOF}
	}
	return false, s.waitAfter(err)
}

// read shows the events of a connection. The line is its end, if it said one.
func (s *EventStream) read(ctx context.Context, cancel func(), yield func(*StreamedEvent, error) bool) (*streamLine, error) {
	watch := time.AfterFunc(silent, cancel)
	defer watch.Stop()
	lines, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lines.Close() }()
	reader := bufio.NewReader(lines)
	for {
		watch.Reset(silent)
		text, err := reader.ReadBytes('\n')
		watch.Stop() // Silence counts while the reader waits, not while its caller works.
		if err != nil {
			return nil, nil
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		var line streamLine
		if err := json.Unmarshal(text, &line); err != nil {
			return nil, nil
		}
		if err := s.take(&line, yield); err != nil {
			return nil, err
		}
		if line.Type == "end" {
			return &line, nil
		}
	}
}

func (s *EventStream) take(line *streamLine, yield func(*StreamedEvent, error) bool) error {
	s.failures, s.hasOpened = 0, true
	switch line.Type {
	case "event":
		event := &StreamedEvent{}
		if err := decode(line.Event, event); err != nil {
			return err
		}
		s.atHand = line
		if !yield(event, nil) {
			return errLeft
		}
	case "ready":
		if s.options.OnOpen != nil {
			s.options.OnOpen(line.Cursor)
		}
	case "gap":
		if s.options.OnGap != nil {
			s.options.OnGap(line.EarliestCursor, line.LostEvents)
		}
	case "end":
		isPassing := line.Reason == "until_reached" || line.Reason == "server_drain" || line.Reason == "slow_consumer"
		if !isPassing {
			return &StreamError{line.Reason, line.Cursor}
		}
	}
	return s.passTo(line)
}

// passTo: the caller has finished what lies before the line.
func (s *EventStream) passTo(line *streamLine) error {
	if line.Cursor == "" || line.Cursor == s.cursor {
		return nil
	}
	s.cursor = line.Cursor
	if s.options.Place == nil {
		return nil
	}
	return s.options.Place.Save(s.cursor)
}

func (s *EventStream) open(ctx context.Context) (io.ReadCloser, error) {
	query := url.Values{}
	for name, values := range s.query {
		query[name] = values
	}
	if s.cursor != "" {
		query.Set("from", s.cursor)
	}
	made, err := s.core.requestOf(streamEvents, nil, query, nil, nil)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, made.method, made.url, nil)
	if err != nil {
		return nil, err
	}
	for name, value := range made.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("accept", "application/x-ndjson")
	response, err := s.core.http.Do(request)
	if err != nil {
		return nil, s.core.connectionError(s.ctx, made, err)
	}
	if response.StatusCode == http.StatusOK {
		return response.Body, nil
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, answerBytes))
	if err != nil {
		return nil, s.core.connectionError(s.ctx, made, err)
	}
	_, err = s.core.readAnswer(made, response, text)
	return nil, err
}

// mayPass: a stream that was cut counts on the plan until the platform has noticed.
func (s *EventStream) mayPass(err error) bool {
	var lost *ConnectionError
	if errors.As(err, &lost) {
		return true
	}
	var refused *APIError
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Code {
	case ErrRateLimited, unexpectedAnswer:
		return true
	case ErrStreamLimitExceeded:
		return s.hasOpened
	}
	return refused.Status >= 500
}

func (s *EventStream) waitAfter(err error) error {
	s.failures++
	pause := math.Min(float64(firstPause)*math.Pow(2, float64(s.failures-1)), float64(longestAway))
	pause *= 1 - s.core.random.Uniform()/2
	var refused *APIError
	if errors.As(err, &refused) && refused.RetryAfterS != nil {
		pause = math.Max(pause, *refused.RetryAfterS*float64(time.Second))
	}
	wait := time.Duration(pause)
	if s.options.OnAway != nil {
		s.options.OnAway(err, wait)
	}
	return s.wait(wait)
}

func (s *EventStream) wait(d time.Duration) error {
	select {
	case <-s.core.clock.After(d):
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// FilePlace keeps a place in a file, which is replaced as a whole.
func FilePlace(path string) PlaceStore { return filePlace(path) }

type filePlace string

func (p filePlace) Load() (string, error) {
	text, err := os.ReadFile(string(p))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(text)), err
}

func (p filePlace) Save(cursor string) error {
	made, err := os.CreateTemp(filepath.Dir(string(p)), ".place-*")
	if err != nil {
		return err
	}
	_, err = made.WriteString(cursor + "\n")
	if err = errors.Join(err, made.Close()); err == nil {
		err = os.Rename(made.Name(), string(p))
	}
	if err != nil {
		_ = os.Remove(made.Name())
	}
	return err
}
