package clarion

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Profile is the signature profile of a webhook.
type Profile string

// The six profiles.
const (
	ProfileStandard  Profile = "standard"
	ProfileEd25519   Profile = "ed25519"
	ProfilePlatforma Profile = "platforma"
	ProfilePlatphorm Profile = "platphorm"
	ProfileEvent     Profile = "event"
	ProfileRelay     Profile = "relay"
)

const (
	signaturesMax = 64
	macBytes      = sha256.Size
	bodyBytesMax  = 1_000_000
)

var ofBody = map[Profile][]string{
	ProfilePlatforma: {"x-platforma-signature"},
	ProfilePlatphorm: {"x-platphorm-signature"},
	ProfileRelay:     {"x-platformxe-signature", "x-caldera-signature"},
}

// VerifyOption changes how a signature is judged.
type VerifyOption func(*verifyOptions)

type verifyOptions struct {
	profile   Profile
	tolerance time.Duration
	now       func() time.Time
}

// WithProfile names the profile; standard unless given.
func WithProfile(profile Profile) VerifyOption {
	return func(o *verifyOptions) { o.profile = profile }
}

// WithTolerance is the largest difference of a signed time from now, either way. Default 5 minutes.
func WithTolerance(d time.Duration) VerifyOption {
	return func(o *verifyOptions) { o.tolerance = d }
}

// WithNow hands in the time.
func WithNow(now time.Time) VerifyOption {
	return func(o *verifyOptions) { o.now = func() time.Time { return now } }
}

// VerifyWebhookSignature reports whether body, as it came in, was signed with one of the secrets. A secret that begins
// with whpk_ is a public key. It never panics.
func VerifyWebhookSignature(body []byte, headers http.Header, secrets []string, options ...VerifyOption) bool {
	return RefusalReason(body, headers, secrets, options...) == ""
}

// VerifyWebhookHeader is for the value of one header, of the profiles platforma, platphorm and relay.
func VerifyWebhookHeader(body []byte, value string, secrets []string, options ...VerifyOption) bool {
	settings := settingsOf(options)
	if _, isOfBody := ofBody[settings.profile]; settings.profile != "" && !isOfBody {
		return false
	}
	claim := hexClaim([]string{strings.TrimPrefix(value, "sha256=")})
	return reasonFor(claim, body, secrets, settings) == ""
}

// RefusalReason says why a signature is refused, without the secret; empty: it is genuine.
func RefusalReason(body []byte, headers http.Header, secrets []string, options ...VerifyOption) string {
	settings := settingsOf(options)
	claim, reason := claimOf(headers, settings.profile)
	if reason != "" {
		return reason
	}
	return reasonFor(claim, body, secrets, settings)
}

func settingsOf(options []VerifyOption) verifyOptions {
	settings := verifyOptions{tolerance: 5 * time.Minute, now: time.Now}
	for _, option := range options {
		option(&settings)
	}
	return settings
}

type claim struct {
	before     string
	timestampS *int64
	macs       [][]byte
	ed25519    [][]byte
	isStandard bool
}

func reasonFor(made claim, body []byte, secrets []string, settings verifyOptions) string {
	keys := make([]string, 0, len(secrets))
	for _, each := range secrets {
		if each != "" {
			keys = append(keys, each)
		}
	}
	if len(keys) == 0 {
		return "no_secret"
	}
	if len(made.macs) == 0 && len(made.ed25519) == 0 {
		return "signature_malformed"
	}
	if made.timestampS != nil {
		age := settings.now().Unix() - *made.timestampS
		if float64(age) > settings.tolerance.Seconds() {
			return "too_old"
		}
		if float64(-age) > settings.tolerance.Seconds() {
			return "too_new"
		}
	}
	isGenuine := false
	for _, each := range keys {
		if matches(made, each, body) {
			isGenuine = true
		}
	}
	if isGenuine {
		return ""
	}
	return "other_secret_or_body"
}

func claimOf(headers http.Header, profile Profile) (claim, string) {
	switch profile {
	case "", ProfileStandard, ProfileEd25519:
		return standardClaim(headers)
	case ProfileEvent:
		stamp, _ := headerOf(headers, "x-event-timestamp")
		seconds, ok := secondsOf(stamp)
		values := bothOf(headers, "x-event-signature")
		if !ok || len(values) == 0 {
			return claim{}, "header_missing"
		}
		made := hexClaim(values)
		made.before, made.timestampS = stamp+".", &seconds
		return made, ""
	}
	names, known := ofBody[profile]
	if !known {
		return claim{}, "unknown_profile"
	}
	var values []string
	for _, name := range names {
		for _, value := range bothOf(headers, name) {
			values = append(values, strings.TrimPrefix(value, "sha256="))
		}
	}
	if len(values) == 0 {
		return claim{}, "header_missing"
	}
	return hexClaim(values), ""
}

func standardClaim(headers http.Header) (claim, string) {
	id, hasID := headerOf(headers, "webhook-id")
	stamp, _ := headerOf(headers, "webhook-timestamp")
	signatures, hasSignatures := headerOf(headers, "webhook-signature")
	seconds, ok := secondsOf(stamp)
	if !hasID || !hasSignatures || !ok {
		return claim{}, "header_missing"
	}
	made := claim{before: id + "." + stamp + ".", timestampS: &seconds, isStandard: true}
	for at, each := range strings.Split(signatures, " ") {
		if at == signaturesMax {
			break
		}
		version, text, _ := strings.Cut(each, ",")
		decoded := canonicalBase64(text)
		if version == "v1" && len(decoded) == macBytes {
			made.macs = append(made.macs, decoded)
		}
		if version == "v1a" && len(decoded) == ed25519.SignatureSize {
			made.ed25519 = append(made.ed25519, decoded)
		}
	}
	return made, ""
}

func hexClaim(values []string) claim {
	var made claim
	for _, each := range values {
		if decoded, err := hex.DecodeString(each); err == nil && len(decoded) == macBytes {
			made.macs = append(made.macs, decoded)
		}
	}
	return made
}

// bothOf: a rotation has a header of its own for the signature of the new secret.
func bothOf(headers http.Header, name string) []string {
	var values []string
	for _, each := range []string{name, name + "-next"} {
		if value, ok := headerOf(headers, each); ok {
			values = append(values, value)
		}
	}
	return values
}

// headerOf finds nothing where a header is there several times with different values.
func headerOf(headers http.Header, wanted string) (string, bool) {
	var found []string
	for name, values := range headers {
		if strings.EqualFold(name, wanted) {
			found = append(found, values...)
		}
	}
	for _, each := range found {
		if each != found[0] {
			return "", false
		}
	}
	if len(found) == 0 {
		return "", false
	}
	return found[0], true
}

func secondsOf(text string) (int64, bool) {
	if len(text) > 12 || strings.ContainsAny(text, "+-") {
		return 0, false
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return seconds, err == nil
}

// canonicalBase64 is nil unless text is canonical base64 of at least one byte.
func canonicalBase64(text string) []byte {
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(decoded) == 0 || base64.StdEncoding.EncodeToString(decoded) != text {
		return nil
	}
	return decoded
}

// matches compares with every signature, so that the time reveals nothing.
func matches(made claim, secret string, body []byte) bool {
	isGenuine := false
	if public, isPublic := strings.CutPrefix(secret, "whpk_"); isPublic {
		key := canonicalBase64(public)
		if len(key) != ed25519.PublicKeySize {
			return false
		}
		content := append([]byte(made.before), body...)
		for _, each := range made.ed25519 {
			isGenuine = ed25519.Verify(key, content, each) || isGenuine
		}
		return isGenuine
	}
	key := []byte(secret)
	if text, isEncoded := strings.CutPrefix(secret, "whsec_"); made.isStandard && isEncoded {
		if decoded := canonicalBase64(text); decoded != nil {
			key = decoded
		}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(made.before))
	mac.Write(body)
	expected := mac.Sum(nil)
	for _, each := range made.macs {
		isGenuine = hmac.Equal(expected, each) || isGenuine
	}
	return isGenuine
}

type bodyKey struct{}

// WebhookHandler answers 401 to a request that is not genuine, and 413 to a body over 1 MB; next can read the body.
func WebhookHandler(secrets []string, next http.Handler, options ...VerifyOption) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytesMax))
		if err != nil {
			http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
			return
		}
		if !VerifyWebhookSignature(body, r.Header, secrets, options...) {
			http.Error(w, "invalid signature", http.StatusUnauthorized)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), bodyKey{}, body)))
	})
}
