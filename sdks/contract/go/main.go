// Command contract makes the calls that stand in the lines of the standard input, and prints one line for each.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	clarion "clarion.example/clarion-go"
)

const (
	key       = "ck_test_contract"
	lineBytes = 16 << 20
)

type asked struct {
	Do, Call, BaseURL, APIKey string
	Path                      []string
	Query                     map[string]any
	Body                      json.RawMessage
	TimeoutMs                 int64
	Retries                   *int
	Options                   struct {
		Timeout        float64
		IfMatch        *int64
		IdempotencyKey string
	}
	// Of a stream.
	Place      string
	LeaveAfter int
	// Of a signature.
	Headers          json.RawMessage
	Secrets          []string
	Profile          string
	NowS             float64
	ToleranceSeconds *float64
}

type fixedRandom struct{ ids int }

func (*fixedRandom) Uniform() float64 { return 0.5 }
func (r *fixedRandom) ID() string {
	r.ids++
	return fmt.Sprintf("id%d", r.ids)
}

// notedClock ends waits at once, and notes them in milliseconds.
type notedClock struct{ waits []int64 }

func (*notedClock) Now() time.Time { return time.Unix(1_796_000_000, 0) }
func (c *notedClock) After(d time.Duration) <-chan time.Time {
	c.waits = append(c.waits, int64(math.Round(float64(d)/float64(time.Millisecond))))
	done := make(chan time.Time, 1)
	done <- time.Time{}
	return done
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineBytes)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var a asked
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			panic(err)
		}
		switch a.Do {
		case "calls":
			_ = out.Encode(calls())
		case "verify":
			_ = out.Encode(verify(a))
		case "stream":
			_ = out.Encode(stream(a))
		case "typed":
			_ = out.Encode(typed(a))
		default:
			_ = out.Encode(call(a))
		}
	}
}

func call(a asked) map[string]any {
	clock := &notedClock{waits: []int64{}}
	options := clarion.Options{BaseURL: a.BaseURL, APIKey: a.APIKey, Clock: clock, Random: &fixedRandom{}}
	options.Timeout = time.Duration(a.TimeoutMs) * time.Millisecond
	if options.APIKey == "" {
		options.APIKey = key
	}
	if a.Retries != nil {
		options.Retries = *a.Retries
		if *a.Retries == 0 {
			options.Retries = -1
		}
	}
	client, err := clarion.NewClient(options)
	var outcome map[string]any
	if err == nil {
		outcome, err = made(client, a)
	}
	if err != nil {
		outcome = failed(err)
	}
	outcome["waits"] = clock.waits
	return outcome
}

func failed(err error) map[string]any {
	var refused *clarion.APIError
	if errors.As(err, &refused) {
		var emitID any
		if refused.EmitID != "" {
			emitID = refused.EmitID
		}
		return map[string]any{
			"refused": refused.Code, "status": refused.Status, "retryable": refused.Retryable,
			"retryAfterS": refused.RetryAfterS, "emitId": emitID, "kind": refused.Code != "unexpected_answer" && errors.Is(err, refused.Code),
		}
	}
	var lost *clarion.ConnectionError
	if errors.As(err, &lost) {
		return map[string]any{"lost": lost.Code, "mayHaveBeenDone": lost.MayHaveBeenDone}
	}
	return map[string]any{"mistake": true, "message": err.Error()}
}

func made(client *clarion.Client, a asked) (map[string]any, error) {
	method, err := methodOf(client, a.Call)
	if err != nil {
		return nil, err
	}
	var in []reflect.Value
	kind := method.Type()
	for at := range kind.NumIn() {
		parameter := kind.In(at)
		switch {
		case at < len(a.Path):
			in = append(in, reflect.ValueOf(a.Path[at]))
		case kind.IsVariadic() && at == kind.NumIn()-1:
			for _, each := range optionsOf(a) {
				in = append(in, reflect.ValueOf(each))
			}
		case strings.HasSuffix(parameter.Name(), "Query") && parameter.Kind() == reflect.Struct && hasQueryTag(parameter):
			in = append(in, queryFrom(parameter, a.Query))
		default:
			value := reflect.New(parameter)
			if len(a.Body) > 0 {
				if err := json.Unmarshal(a.Body, value.Interface()); err != nil {
					return nil, err
				}
			}
			in = append(in, value.Elem())
		}
	}
	return resultOf(method.Call(in))
}

func hasQueryTag(kind reflect.Type) bool {
	return kind.NumField() > 0 && kind.Field(0).Tag.Get("query") != ""
}

func optionsOf(a asked) []clarion.Option {
	var options []clarion.Option
	if a.Options.IfMatch != nil {
		options = append(options, clarion.WithIfMatch(*a.Options.IfMatch))
	}
	if a.Options.IdempotencyKey != "" {
		options = append(options, clarion.WithIdempotencyKey(a.Options.IdempotencyKey))
	}
	return options
}

func queryFrom(kind reflect.Type, given map[string]any) reflect.Value {
	query := reflect.New(kind).Elem()
	for at := range kind.NumField() {
		value, ok := given[kind.Field(at).Tag.Get("query")]
		if !ok {
			continue
		}
		field := query.Field(at)
		if field.Kind() == reflect.Pointer {
			field.Set(reflect.New(field.Type().Elem()))
			field = field.Elem()
		}
		field.Set(reflect.ValueOf(value).Convert(field.Type()))
	}
	return query
}

func resultOf(out []reflect.Value) (map[string]any, error) {
	if len(out) == 1 { // An iterator.
		var items []any
		var failure error
		out[0].Call([]reflect.Value{reflect.MakeFunc(out[0].Type().In(0), func(in []reflect.Value) []reflect.Value {
			if err, isError := in[1].Interface().(error); isError {
				failure = err
			} else {
				items = append(items, in[0].Interface())
			}
			return []reflect.Value{reflect.ValueOf(true)}
		})})
		return map[string]any{"data": items}, failure
	}
	if err, isError := out[1].Interface().(error); isError {
		return nil, err
	}
	value := out[0]
	if value.Kind() == reflect.Pointer && strings.HasPrefix(value.Elem().Type().Name(), "Page[") {
		value = value.Elem().FieldByName("Data")
	}
	return map[string]any{"data": value.Interface()}, nil
}

func methodOf(client *clarion.Client, path string) (reflect.Value, error) {
	value := reflect.ValueOf(client)
	parts := strings.Split(path, ".")
	for _, part := range parts[:len(parts)-1] {
		value = value.Elem().FieldByName(exported(part))
	}
	method := value.MethodByName(exported(parts[len(parts)-1]))
	if !method.IsValid() {
		return method, fmt.Errorf("there is no call %s", path)
	}
	return method, nil
}

func exported(name string) string {
	if name == "findId" {
		return "FindID"
	}
	if name == "schemaById" || name == "bareSchemaById" {
		return strings.Replace(strings.ToUpper(name[:1])+name[1:], "Id", "ID", 1)
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// calls are written as the document writes them.
func calls() []string {
	client, err := clarion.NewClient(clarion.Options{BaseURL: "http://127.0.0.1:1", APIKey: key})
	if err != nil {
		panic(err)
	}
	var found []string
	var below func(value reflect.Value, path string)
	below = func(value reflect.Value, path string) {
		kind := value.Type()
		for at := range kind.NumMethod() {
			if name := kind.Method(at).Name; !strings.HasSuffix(name, "Context") {
				found = append(found, path+lower(name))
			}
		}
		for at := range value.Elem().NumField() {
			if field := kind.Elem().Field(at); field.IsExported() {
				below(value.Elem().Field(at), path+lower(field.Name)+".")
			}
		}
	}
	below(reflect.ValueOf(client), "")
	sort.Strings(found)
	return found
}

func lower(name string) string {
	name = strings.Replace(name, "ID", "Id", 1)
	return strings.ToLower(name[:1]) + name[1:]
}

func verify(a asked) bool {
	var body64 string
	if err := json.Unmarshal(a.Body, &body64); err != nil {
		panic(err)
	}
	body, err := base64.StdEncoding.DecodeString(body64)
	if err != nil {
		panic(err)
	}
	options := []clarion.VerifyOption{clarion.WithNow(time.Unix(int64(math.Floor(a.NowS)), 0))}
	if a.Profile != "" {
		options = append(options, clarion.WithProfile(clarion.Profile(a.Profile)))
	}
	if a.ToleranceSeconds != nil {
		options = append(options, clarion.WithTolerance(time.Duration(*a.ToleranceSeconds*float64(time.Second))))
	}
	var lone string
	if json.Unmarshal(a.Headers, &lone) == nil {
		return clarion.VerifyWebhookHeader(body, lone, a.Secrets, options...)
	}
	var pairs [][2]string
	if err := json.Unmarshal(a.Headers, &pairs); err != nil {
		panic(err)
	}
	headers := http.Header{}
	for _, pair := range pairs {
		headers.Add(pair[0], pair[1])
	}
	return clarion.VerifyWebhookSignature(body, headers, a.Secrets, options...)
}
