package clarion

import (
	"encoding/json"
	"fmt"
)

// Code is a stable word for a refusal: errors.Is(err, clarion.ErrPayloadInvalid).
type Code string

// Error is the code itself.
func (c Code) Error() string { return string(c) }

// APIError is a refusal of the platform. Codes are stable; messages are for people.
type APIError struct {
	// Code is unexpected_answer where the answer is not one of a Clarion platform.
	Code    Code
	Status  int
	Message string
	Details []Finding
	// RequestID identifies the call for the operator.
	RequestID string
	// Retryable: whether the same call may succeed if it is repeated unchanged.
	Retryable bool
	// RetryAfterS is the wait that the platform asks for, in seconds; nil if it gave none.
	RetryAfterS *float64
	// EmitID of bus_relay_failed: the emit is kept; redrive it, do not emit it again.
	EmitID string
	// Facts is the whole error as it was answered.
	Facts json.RawMessage
}

func (e *APIError) Error() string { return fmt.Sprintf("%s (%d): %s", e.Code, e.Status, e.Message) }

// Is compares codes.
func (e *APIError) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// ConnectionError means that there was no answer: the connection failed, or the time ran out.
type ConnectionError struct {
	// Code is network_error or timeout.
	Code string
	// MayHaveBeenDone is false only if no connection was made.
	MayHaveBeenDone bool
	Message         string
	Cause           error
}

func (e *ConnectionError) Error() string { return e.Message }

func (e *ConnectionError) Unwrap() error { return e.Cause }

const unexpectedAnswer Code = "unexpected_answer"
