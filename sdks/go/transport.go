package clarion

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	userAgent    = "clarion-sdk-go/" + Version
	backoff      = 200 * time.Millisecond
	pageEntries  = 100
	answerBytes  = 64 << 20
	onlyIfUndone = "ifNotDone"
)

type core struct {
	base, key      string
	timeout        time.Duration
	retries        int
	retryAfterMaxS float64
	http           *http.Client
	clock          Clock
	random         Random
	onSchemaDrift  func(name, version string)
}

// operation is a call of the document: repeat is empty for always, answer for data; key says where an idempotency key goes.
type operation struct {
	method, path, repeat, answer, key string
}

// Page is a part of a list.
type Page[T any] struct {
	Data []T
	// NextCursor is empty at the end.
	NextCursor string
	Meta       map[string]json.RawMessage
}

type envelope struct {
	Success bool                       `json:"success"`
	Data    json.RawMessage            `json:"data"`
	Meta    map[string]json.RawMessage `json:"meta"`
	Error   json.RawMessage            `json:"error"`
}

type request struct {
	operation
	url     string
	body    []byte
	headers map[string]string
	// event is the name that an emit has.
	event string
	callOptions
}

func callFor[T any](ctx context.Context, c *core, op operation, ids []string, query, in any, opts []Option) (*T, error) {
	made, err := callOf[T](ctx, c, op, ids, query, in, opts)
	if err != nil {
		return nil, err
	}
	return &made, nil
}

func callOf[T any](ctx context.Context, c *core, op operation, ids []string, query, in any, opts []Option) (T, error) {
	var made T
	answer, err := c.call(ctx, op, ids, query, in, opts)
	if err != nil {
		return made, err
	}
	if text, ok := any(&made).(*string); ok && op.answer == "text" {
		*text = string(answer.Data)
		return made, nil
	}
	err = decode(answer.Data, &made)
	return made, err
}

func pageOf[T any](ctx context.Context, c *core, op operation, ids []string, query, in any, opts []Option) (*Page[T], error) {
	answer, err := c.call(ctx, op, ids, query, in, opts)
	if err != nil {
		return nil, err
	}
	page := &Page[T]{Meta: answer.Meta}
	_ = json.Unmarshal(answer.Meta["nextCursor"], &page.NextCursor)
	return page, decode(answer.Data, &page.Data)
}

// eachOf goes through all pages; an error ends it.
func eachOf[Q, T any](query Q, pageOf func(Q) (*Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		asked := query
		fields := reflect.ValueOf(&asked).Elem()
		if limit := fields.FieldByName("Limit"); limit.IsNil() {
			limit.Set(reflect.ValueOf(Ptr(int64(pageEntries))))
		}
		for {
			page, err := pageOf(asked)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, each := range page.Data {
				if !yield(each, nil) {
					return
				}
			}
			if page.NextCursor == "" {
				return
			}
			fields.FieldByName("Cursor").SetString(page.NextCursor)
		}
	}
}

func (c *core) call(ctx context.Context, op operation, ids []string, query, in any, opts []Option) (*envelope, error) {
	made, err := c.requestOf(op, ids, query, in, opts)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		answer, err := c.exchange(ctx, made)
		if err == nil {
			return answer, nil
		}
		delay, again := c.delayAfter(made, err, attempt)
		if !again || ctx.Err() != nil {
			return nil, err
		}
		select {
		case <-c.clock.After(delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *core) requestOf(op operation, ids []string, query, in any, opts []Option) (*request, error) {
	made := &request{operation: op, callOptions: callOptions{timeout: c.timeout, retries: c.retries}}
	for _, option := range opts {
		option(&made.callOptions)
	}
	path := op.path
	for _, id := range ids {
		if id == "" || id == "." || id == ".." {
			return nil, errors.New("clarion: an id is a text that is not empty")
		}
		path = strings.Replace(path, "{}", url.PathEscape(id), 1)
	}
	made.url = c.base + path
	if text := queryOf(query).Encode(); text != "" {
		made.url += "?" + text
	}
	made.headers = map[string]string{"authorization": "Bearer " + c.key, "accept": "application/json", "user-agent": userAgent}
	if made.ifMatch != "" {
		made.headers["if-match"] = made.ifMatch
	}
	if in != nil {
		sent, hash := untyped(in)
		if emit, ok := sent.(EmitCustomEventInput); ok {
			made.event = emit.Name
		}
		if made.schemaHash != "" {
			hash = made.schemaHash
		}
		if hash != "" {
			made.headers["x-schema-hash"] = hash
		}
		body, err := encode(sent)
		if err != nil {
			return nil, fmt.Errorf("clarion: the body is no JSON: %w", err)
		}
		made.body = body
		made.headers["content-type"] = "application/json"
	}
	return made, c.addKeys(made)
}

// addKeys gives a keyed call the idempotency key of the caller, or one of its own.
func (c *core) addKeys(made *request) error {
	if made.repeat != "keyed" {
		return nil
	}
	if made.key == "items" {
		var body map[string]json.RawMessage
		var items []map[string]json.RawMessage
		if json.Unmarshal(made.body, &body) != nil || json.Unmarshal(body["items"], &items) != nil {
			return errors.New("clarion: a batch is a list of emits")
		}
		for _, item := range items {
			_ = c.keyOf(item, made.idempotencyKey)
		}
		text, err := encode(items)
		if err != nil {
			return err
		}
		body["items"] = text
		made.body, err = encode(body)
		return err
	}
	body := map[string]json.RawMessage{}
	if made.body != nil {
		if err := json.Unmarshal(made.body, &body); err != nil {
			return fmt.Errorf("clarion: the body is no object: %w", err)
		}
	}
	key := c.keyOf(body, made.idempotencyKey)
	if strings.Contains(made.key, "body") {
		text, err := encode(body)
		if err != nil {
			return err
		}
		made.body = text
	}
	// Only a key that a header can carry unchanged: the body has it anyway.
	if strings.Contains(made.key, "header") && isPrintable(key) {
		made.headers["idempotency-key"] = key
	}
	return nil
}

func (c *core) keyOf(body map[string]json.RawMessage, given string) string {
	var key string
	if json.Unmarshal(body["idempotencyKey"], &key) == nil && key != "" {
		return key
	}
	key = given
	if key == "" {
		key = "sdk-" + c.random.ID()
	}
	body["idempotencyKey"], _ = encode(key)
	return key
}

func queryOf(query any) url.Values {
	if values, ok := query.(url.Values); ok {
		return values
	}
	values := url.Values{}
	if query == nil {
		return values
	}
	fields := reflect.ValueOf(query)
	for at := range fields.NumField() {
		field := fields.Field(at)
		if field.Kind() == reflect.Pointer {
			if field.IsNil() {
				continue
			}
			field = field.Elem()
		} else if field.IsZero() {
			continue
		}
		values.Set(fields.Type().Field(at).Tag.Get("query"), fmt.Sprint(field.Interface()))
	}
	return values
}

func (c *core) exchange(ctx context.Context, made *request) (*envelope, error) {
	limited, cancel := context.WithTimeout(ctx, made.timeout)
	defer cancel()
	var body io.Reader
	if made.body != nil {
		body = bytes.NewReader(made.body)
	}
	asked, err := http.NewRequestWithContext(limited, made.method, made.url, body)
	if err != nil {
		return nil, err
	}
	// The kit repeats by its own rules: the transport must not.
	asked.GetBody = nil
	for name, value := range made.headers {
		asked.Header.Set(name, value)
	}
	response, err := c.http.Do(asked)
	if err != nil {
		return nil, c.connectionError(ctx, made, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, answerBytes))
	if err != nil {
		return nil, c.connectionError(ctx, made, err)
	}
	return c.readAnswer(made, response, text)
}

func (c *core) readAnswer(made *request, response *http.Response, text []byte) (*envelope, error) {
	isDone := response.StatusCode >= 200 && response.StatusCode < 300
	if isDone && (made.answer == "text" || made.answer == "json" && json.Valid(text)) {
		return &envelope{Data: text}, nil
	}
	var answer envelope
	if json.Unmarshal(text, &answer) == nil && isDone && answer.Success {
		c.noteDrift(made, response.Header.Get("x-schema-drift"))
		return &answer, nil
	}
	after := c.retryAfterOf(response.Header.Get("retry-after"))
	return nil, apiError(response.StatusCode, answer.Error, text, after)
}

func apiError(status int, facts json.RawMessage, text []byte, after *float64) *APIError {
	var read struct {
		Code, Message, RequestID, EmitID string
		Details                          []Finding
		Retryable                        *bool
	}
	if json.Unmarshal(facts, &read) != nil || read.Code == "" {
		message := fmt.Sprintf("The answer (%d) is not one of a Clarion platform: %.200s", status, text)
		return &APIError{Code: unexpectedAnswer, Status: status, Message: message, Retryable: mayPass(status), RetryAfterS: after}
	}
	made := &APIError{Code: Code(read.Code), Status: status, Message: read.Message, Details: read.Details}
	made.RequestID, made.EmitID, made.RetryAfterS, made.Facts = read.RequestID, read.EmitID, after, facts
	made.Retryable = mayPass(status)
	if read.Retryable != nil {
		made.Retryable = *read.Retryable
	}
	return made
}

func mayPass(status int) bool { return status == http.StatusTooManyRequests || status >= 500 }

// retryAfterOf reads seconds, or an HTTP date.
func (c *core) retryAfterOf(header string) *float64 {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return Ptr(float64(seconds))
	}
	if at, err := http.ParseTime(header); err == nil {
		return Ptr(math.Max(0, at.Sub(c.clock.Now()).Seconds()))
	}
	return nil
}

func (c *core) connectionError(ctx context.Context, made *request, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	neverSent := isNeverSent(err)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		message := fmt.Sprintf("No answer within %g s.", made.timeout.Seconds())
		return &ConnectionError{"timeout", !neverSent, message, err}
	}
	return &ConnectionError{"network_error", !neverSent, fmt.Sprintf("No answer from %s: %v", c.base, errors.Unwrap(err)), err}
}

// isNeverSent: errors before any connection, so that the call had no effect.
func isNeverSent(err error) bool {
	var lookup *net.DNSError
	var dial *net.OpError
	if errors.As(err, &lookup) {
		return true
	}
	if errors.As(err, &dial) && dial.Op == "dial" {
		return true
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

func (c *core) delayAfter(made *request, err error, attempt int) (time.Duration, bool) {
	if attempt > made.retries || !mayRepeat(made, err) {
		return 0, false
	}
	wait := float64(backoff) * math.Pow(2, float64(attempt-1)) * (1 - c.random.Uniform()/2)
	var refused *APIError
	if errors.As(err, &refused) && refused.RetryAfterS != nil {
		if *refused.RetryAfterS > c.retryAfterMaxS {
			return 0, false
		}
		wait = math.Max(wait, *refused.RetryAfterS*float64(time.Second))
	}
	return time.Duration(wait), true
}

func mayRepeat(made *request, err error) bool {
	isOnce := made.repeat == onlyIfUndone
	var lost *ConnectionError
	if errors.As(err, &lost) {
		return !(isOnce && lost.MayHaveBeenDone)
	}
	var refused *APIError
	if !errors.As(err, &refused) {
		return false
	}
	if refused.Status == http.StatusTooManyRequests {
		return true
	}
	return refused.Status >= 500 && refused.Retryable && !isOnce
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
