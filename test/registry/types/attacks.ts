/** Schemas whose types lost or broke something once, each with the payloads that showed it. */
import type { TypesCase } from '../../../conformance/types/case.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'

const S = { type: 'string' }
const attack = (title: string, schema: SchemaObject, ...payloads: string[]): TypesCase => ({
  title,
  schema: { type: 'object', ...schema },
  payloads,
})
const named = (...names: string[]): SchemaObject => ({
  properties: Object.fromEntries(names.map(name => [name, S])),
  required: names,
})
const filled = (...names: string[]): string => `{${names.map(name => `${JSON.stringify(name)}:"x"`).join(',')}}`

const UNEXPORTED = ['-', 'a,b', 'a,omitempty', '日本', 'عنوان', '_', '']
const METHODS = ['marshal', 'Marshal', 'MarshalJSON', 'unmarshalJSON', 'AdditionalProperties']
const GLOBALS = [
  'obj',
  'isinstance',
  'from_str',
  'from_union',
  'from_dict',
  'dict',
  'str',
  'field',
  'self',
  'None',
  'class',
  'classmethod',
]
const PROTOTYPE = ['constructor', 'toString']
/** Three quotes end a docstring of Python, and so does a quote in front of them. */
const QUOTING = ['"', '""', '"""', '""""', 'x"', '\\', '\\"', '\\\\"""', '`"""', '"""x', 'a\n"""']
const DESCRIBED = Object.fromEntries(
  QUOTING.map((description, at) => ['abcdefghijk'.charAt(at), { type: 'object', description, properties: { b: S } }]),
)
const FOLDED = ['a_b', 'aB', 'a-b', 'AB', 'a_b2', 'aB2']

export const ATTACKS: readonly TypesCase[] = [
  attack(
    'an optional union that is absent',
    { properties: { a: { type: ['string', 'integer'] } } },
    '{}',
    '{"a":"x"}',
    '{"a":1}',
  ),
  attack('names that structs cannot export, or tags cannot hold', named(...UNEXPORTED), filled(...UNEXPORTED)),
  attack('names of methods', named(...METHODS), filled(...METHODS)),
  attack('names that a module needs for itself', named(...GLOBALS), filled(...GLOBALS)),
  attack(
    'names that every object inherits',
    named(...PROTOTYPE),
    filled(...PROTOTYPE),
    '{"constructor":"x","toString":"","__proto__":{"a":1}}',
  ),
  attack('names that become one', named(...FOLDED), filled(...FOLDED)),
  attack('descriptions full of quotes', { properties: DESCRIBED }, '{}', '{"a":{"b":"x"}}'),
  attack(
    'null, absent and a value',
    {
      properties: {
        a: { type: ['string', 'null'] },
        b: { type: ['array', 'null'], items: S },
        c: { anyOf: [{ type: 'object' }, { type: 'null' }] },
      },
    },
    ...['{}', '{"a":null,"b":null,"c":null}', '{"a":"","b":[],"c":{}}'],
  ),
  attack(
    'null inside lists and maps',
    {
      properties: { a: { type: 'array', items: { type: ['string', 'null'] } } },
      additionalProperties: { type: ['integer', 'null'] },
    },
    '{"a":[null,"x",null],"b":null,"c":1.0}',
  ),
  attack(
    'a list that is empty, and one that is not there',
    { properties: { a: { type: 'array', items: S }, b: { type: 'object', additionalProperties: S } } },
    '{}',
    '{"a":[],"b":{}}',
  ),
  attack(
    'integers with a fraction of zero, and the ends of int64',
    {
      properties: {
        a: { type: 'integer' },
        b: { type: 'array', items: { type: 'integer' } },
        c: { enum: [1, 2] },
        d: { const: 1000 },
      },
    },
    ...['{"a":1.0,"b":[1e3,-0.0,2],"c":2.0,"d":1e3}', '{"a":9223372036854775807,"b":[-9223372036854775808]}'],
  ),
  attack(
    'integers that the schema itself lets go beyond int64',
    { properties: { a: { type: 'integer', maximum: 2 ** 64 } } },
    '{"a":18446744073709551615}',
  ),
  attack(
    'enums of numbers, of fractions and of several kinds',
    { properties: { a: { enum: [1.5, 2] }, b: { enum: [1, 'x', null, true] } } },
    '{"a":1.5,"b":null}',
    '{"a":2,"b":1}',
    '{"b":"x"}',
    '{"b":true}',
  ),
  attack(
    'properties that the schema does not name',
    { properties: { a: { type: 'object', properties: { b: S } } } },
    '{"a":{"b":"x","c":{"d":[1.50]}},"e":null,"additionalProperties":{}}',
  ),
  attack('a number that the schema does not speak of', { properties: { a: {} } }, '{"a":1234567890123456789}'),
  attack(
    'no type, so anything',
    { properties: { a: { properties: { b: S } } } },
    '{"a":{"b":"x","c":1}}',
    '{"a":"x"}',
    '{"a":[{"b":1}]}',
    '{"a":null}',
  ),
  attack(
    'alternatives with the same name for different things',
    {
      oneOf: [
        { properties: { kind: { const: 'a' }, value: { type: 'integer' } }, required: ['kind'] },
        { properties: { kind: { const: 'b' }, value: { type: 'array' } }, required: ['kind'] },
      ],
    },
    '{"kind":"a","value":1}',
    '{"kind":"b","value":[1]}',
    '{"kind":"a"}',
  ),
]
