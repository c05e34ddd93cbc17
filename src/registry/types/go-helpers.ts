/**
 * Functions that the Go code of one event shares; their names begin with the event's, so that files of one package do
 * not collide.
 */

export function goHelpers(
  root: string,
  helper: string,
  uses: { integers: boolean; nullable: boolean },
): { imports: string[]; code: string } {
  const imports = ['encoding/json', 'fmt', 'strconv', 'unicode/utf16']
  const parts = [uses.nullable ? nullable(root) : '', common(helper), uses.nullable ? readNullable(root, helper) : '']
  if (uses.integers) {
    imports.push('bytes', 'math', 'math/big')
    parts.push(integers(helper))
  }
  return { imports: imports.sort(), code: parts.filter(part => part !== '').join('\n') }
}

const nullable = (
  root: string,
): string => `// ${root}Nullable is a value, or null where Value is nil. A property that is absent has no ${root}Nullable.
type ${root}Nullable[T any] struct {
	Value *T
}
`

const common = (
  helper: string,
): string => `// ${helper}Members reads an object; it refuses what a string of Go cannot hold.
func ${helper}Members(data []byte) (map[string]json.RawMessage, error) {
	if ${helper}HasHalfPair(data) {
		return nil, fmt.Errorf("a string has half a surrogate pair, which Go would replace")
	}
	var members map[string]json.RawMessage
	err := json.Unmarshal(data, &members)
	return members, err
}

// ${helper}HasHalfPair finds escapes such as \\ud83d without their other half.
func ${helper}HasHalfPair(data []byte) bool {
	unit := func(at int) rune {
		if at+6 > len(data) || data[at] != '\\\\' || data[at+1] != 'u' {
			return 0
		}
		value, _ := strconv.ParseUint(string(data[at+2:at+6]), 16, 16)
		return rune(value)
	}
	for at := 0; at < len(data); at++ {
		if data[at] != '\\\\' {
			continue
		}
		if first := unit(at); utf16.IsSurrogate(first) {
			if utf16.DecodeRune(first, unit(at+6)) == '\\uFFFD' {
				return true
			}
			at += 6
		}
		at++
	}
	return false
}

// ${helper}Read moves a property from members to target, if it is there; before that come the steps of prepare.
func ${helper}Read(members map[string]json.RawMessage, name string, target any, prepare ...func([]byte) []byte) error {
	raw, found := members[name]
	if !found {
		return nil
	}
	delete(members, name)
	for _, step := range prepare {
		raw = step(raw)
	}
	if err := json.Unmarshal(raw, target); err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	return nil
}

func ${helper}ReadRequired(members map[string]json.RawMessage, name string, target any, prepare ...func([]byte) []byte) error {
	if _, found := members[name]; !found {
		return fmt.Errorf("%q is missing", name)
	}
	return ${helper}Read(members, name, target, prepare...)
}
`

const readNullable = (
  root: string,
  helper: string,
): string => `func ${helper}ReadNullable[T any](members map[string]json.RawMessage, name string, target **${root}Nullable[T], prepare ...func([]byte) []byte) error {
	if _, found := members[name]; !found {
		return nil
	}
	*target = &${root}Nullable[T]{}
	return ${helper}Read(members, name, &(*target).Value, prepare...)
}
`

const integers = (
  helper: string,
): string => `// ${helper}Integers writes 1.0 and 1e3 as 1 and 1000: JSON takes them for integers, encoding/json does not.
func ${helper}Integers(raw []byte) []byte {
	if !bytes.ContainsAny(raw, ".eE") {
		return raw
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return raw
	}
	rewritten, err := json.Marshal(${helper}Whole(value))
	if err != nil {
		return raw
	}
	return rewritten
}

func ${helper}Whole(value any) any {
	switch value := value.(type) {
	case []any:
		for index := range value {
			value[index] = ${helper}Whole(value[index])
		}
	case map[string]any:
		for name := range value {
			value[name] = ${helper}Whole(value[name])
		}
	case json.Number:
		if size, err := value.Float64(); err == nil && math.Abs(size) < math.MaxUint64 {
			if exact, ok := new(big.Rat).SetString(value.String()); ok && exact.IsInt() {
				return json.Number(exact.Num().String())
			}
		}
	}
	return value
}
`
