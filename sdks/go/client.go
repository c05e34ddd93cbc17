// Package clarion emits, reads and receives the events of a Clarion platform.
package clarion

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Version of the kit, and of the platform that it was made for.
const Version = "0.1.0"

// Options of a client.
type Options struct {
	// BaseURL is the address of the platform, with or without /api/v1.
	BaseURL string
	APIKey  string
	// Timeout of each attempt, the body of the answer included. Default 10 s.
	Timeout time.Duration
	// Retries after the first attempt. Default 2; a negative number is none.
	Retries int
	// RetryAfterMax: a longer Retry-After is in the error, not waited for. Default 30 s.
	RetryAfterMax time.Duration
	// Transport sends the requests. Default http.DefaultTransport.
	Transport http.RoundTripper
	Clock     Clock
	Random    Random
	// OnSchemaDrift is called when an emit is judged by another schema than the one that its types were generated
	// from, with the event's name and the version that judges.
	OnSchemaDrift func(name, version string)
}

// Clock is time, passed in so that a test can move it by hand.
type Clock interface {
	Now() time.Time
	// After returns a channel that receives once the time has passed.
	After(d time.Duration) <-chan time.Time
}

// Random is randomness, passed in so that a test can repeat it.
type Random interface {
	// Uniform is a number in [0, 1).
	Uniform() float64
	// ID is an unguessable text: 128 bits in hex.
	ID() string
}

// NewClient makes a client for one key. An error never shows the key.
func NewClient(options Options) (*Client, error) {
	base, err := baseOf(options.BaseURL)
	if err != nil {
		return nil, err
	}
	if !isPrintable(options.APIKey) {
		return nil, errors.New("clarion: APIKey is a text of printable characters without spaces or newlines")
	}
	if options.Timeout < 0 || options.RetryAfterMax < 0 {
		return nil, errors.New("clarion: Timeout and RetryAfterMax are not negative")
	}
	c := &core{base: base, key: options.APIKey, timeout: 10 * time.Second, retries: 2, retryAfterMaxS: 30, onSchemaDrift: options.OnSchemaDrift}
	if options.Timeout > 0 {
		c.timeout = options.Timeout
	}
	if options.Retries != 0 {
		c.retries = max(0, options.Retries)
	}
	if options.RetryAfterMax > 0 {
		c.retryAfterMaxS = options.RetryAfterMax.Seconds()
	}
	c.clock, c.random = options.Clock, options.Random
	if c.clock == nil {
		c.clock = systemClock{}
	}
	if c.random == nil {
		c.random = systemRandom{}
	}
	// A redirect would carry the key to another server.
	c.http = &http.Client{Transport: options.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return newClient(c), nil
}

func baseOf(text string) (string, error) {
	parsed, err := url.Parse(text)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" || parsed.User != nil {
		return "", errors.New("clarion: BaseURL begins with http:// or https:// and has no password, such as http://127.0.0.1:8080")
	}
	return strings.TrimSuffix(strings.TrimRight(text, "/"), "/api/v1"), nil
}

func isPrintable(text string) bool {
	for _, each := range text {
		if each < '!' || each > '~' {
			return false
		}
	}
	return text != ""
}

type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

type systemRandom struct{}

func (systemRandom) Uniform() float64 {
	var bytes [4]byte
	_, _ = rand.Read(bytes[:])
	return float64(binary.BigEndian.Uint32(bytes[:])) / (math.MaxUint32 + 1)
}

func (systemRandom) ID() string {
	var bytes [16]byte
	_, _ = rand.Read(bytes[:])
	return hex.EncodeToString(bytes[:])
}

// Option changes one call.
type Option func(*callOptions)

type callOptions struct {
	timeout        time.Duration
	retries        int
	ifMatch        string
	idempotencyKey string
	schemaHash     string
}

// WithTimeout sets the limit of each attempt of this call.
func WithTimeout(d time.Duration) Option { return func(o *callOptions) { o.timeout = d } }

// WithRetries sets how often this call is repeated.
func WithRetries(n int) Option { return func(o *callOptions) { o.retries = max(0, n) } }

// WithIfMatch sets the revision that the change starts from.
func WithIfMatch(revision int64) Option {
	return func(o *callOptions) { o.ifMatch = formatInt(revision) }
}

// WithIdempotencyKey sets the key under which this call is done once.
func WithIdempotencyKey(key string) Option { return func(o *callOptions) { o.idempotencyKey = key } }
