import { describe, expect, it } from '@jest/globals'
import type { Code } from '../../src/model/codes.ts'
import type { RegisteredEvent } from '../../src/model/control-view.ts'
import type { RegistrationContext, RegistrationInput } from '../../src/registry/check-registration.ts'
import { resolveEvent } from '../../src/registry/resolve-event.ts'
import { check, closed, registered, registration, schema, v100 } from './registrations.ts'

const codes = (...args: Parameters<typeof check>): Code[] => check(...args).findings.map(f => f.code)

const nested = (levels: number): Record<string, unknown> =>
  levels === 1 ? { type: 'object' } : { type: 'object', properties: { x: nested(levels - 1) } }

const wide = (names: number) => closed(Object.fromEntries(Array.from({ length: names }, (_, i) => [`p${i}`, {}])))

describe('a registration', () => {
  it('that keeps every rule has no finding, and answers hash, dialect, bump and size', () => {
    expect(check({ payloadExample: { a: 'x' } })).toEqual({
      findings: [],
      warnings: [],
      proof: null,
      modes: null,
      semverBump: 'initial',
      schemaHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      schemaFlavour: 'json-schema-2020-12',
      depth: 2,
      propertyCount: 1,
    })
  })

  it.each<[string, Partial<RegistrationInput>, Partial<RegistrationContext>, Code[]]>([
    ['a malformed namespace', { namespace: 'A' }, {}, ['invalid_namespace']],
    ['a malformed name', { name: '.x' }, {}, ['invalid_name']],
    ['a malformed version', { version: '1.0' }, {}, ['invalid_version_format']],
    [
      'the generic event',
      { namespace: 'platformxe', name: 'generic' },
      {},
      ['cannot_register_generic_event', 'reserved_namespace'],
    ],
    ['another name in its namespace', { namespace: 'platformxe', name: 'other' }, {}, ['reserved_namespace']],
    ['the namespace of built-in events', { namespace: 'order' }, {}, ['reserved_namespace']],
    ['a namespace not granted', { namespace: 'sales' }, {}, ['namespace_not_allowed']],
    ['a new name over the quota', {}, { registrationsUsed: 25 }, ['registration_quota_exceeded']],
    ['a version of a counted name at the quota', { version: '1.0.1' }, { registrationsUsed: 25, event: v100 }, []],
    [
      'a version of an archived name at the quota',
      { version: '1.0.1' },
      { registrationsUsed: 25, event: registered(registration('1.0.0', { status: 'archived' })) },
      ['registration_quota_exceeded'],
    ],
    ['the last one within the quota', {}, { registrationsUsed: 24 }, []],
    [
      'any on Enterprise',
      {},
      { registrationsUsed: 1e6, organization: { plan: 'ENTERPRISE', namespaceAllowlist: ['lettings'] } },
      [],
    ],
    [
      'any on Free',
      { version: '1.0.1' },
      { event: v100, organization: { plan: 'FREE', namespaceAllowlist: ['lettings'] } },
      ['registration_quota_exceeded'],
    ],
    ['no object as schema', { payloadSchema: [] }, {}, ['invalid_json_schema']],
    ['no schema', { payloadSchema: null }, {}, ['invalid_json_schema']],
    ['five levels', { payloadSchema: nested(5) }, {}, []],
    ['six levels', { payloadSchema: nested(6) }, {}, ['schema_too_deep']],
    ['fifty properties', { payloadSchema: wide(50) }, {}, []],
    ['fifty-one', { payloadSchema: wide(51) }, {}, ['schema_too_wide']],
    [
      'both',
      { payloadSchema: { ...wide(51), properties: { ...wide(51).properties, x: nested(6) } } },
      {},
      ['schema_too_deep', 'schema_too_wide'],
    ],
    [
      'a schema longer than 64 KB',
      { payloadSchema: { type: 'object', description: 'é'.repeat(33_000) } },
      {},
      ['schema_too_wide'],
    ],
    [
      'a schema that refers to itself',
      { payloadSchema: { type: 'object', properties: { a: { $ref: '#' } } } },
      {},
      ['schema_too_deep'],
    ],
    [
      'a reference to elsewhere',
      { payloadSchema: { type: 'object', properties: { a: { $ref: 'https://example.com/a' } } } },
      {},
      ['invalid_json_schema'],
    ],
    ['a root that is not an object', { payloadSchema: { type: 'array' } }, {}, ['invalid_json_schema']],
    ['a root that may be null', { payloadSchema: { type: ['object', 'null'] } }, {}, ['invalid_json_schema']],
    [
      'an unknown type',
      { payloadSchema: { type: 'object', properties: { a: { type: 'text' } } } },
      {},
      ['invalid_json_schema'],
    ],
    [
      'a number beyond double precision',
      { payloadSchema: { type: 'object', maxProperties: Number.POSITIVE_INFINITY } },
      {},
      ['invalid_json_schema'],
    ],
    ['an example that does not match', { payloadExample: { a: 1 } }, {}, ['payload_example_does_not_match_schema']],
    ['an example that is null', { payloadExample: null }, {}, ['payload_example_does_not_match_schema']],
    ['a version that is taken', {}, { event: v100 }, ['version_already_exists']],
    [
      'a version that is taken by an archived one',
      {},
      { event: registered(registration('1.0.0', { status: 'archived' })) },
      ['version_already_exists'],
    ],
    ['an older version', { version: '0.9.0' }, { event: v100 }, ['version_downgrade']],
    [
      'an older version that would fit between',
      { version: '1.0.1' },
      { event: registered(registration('1.0.0'), registration('2.0.0')) },
      ['version_downgrade'],
    ],
    ['a first version of 2.0.0', { version: '2.0.0' }, {}, ['version_invalid_jump']],
    ['a first version of 0.0.1', { version: '0.0.1' }, {}, ['version_invalid_jump']],
    ['a first version of 0.1.0', { version: '0.1.0' }, {}, []],
    ['a patch two steps on', { version: '1.0.2' }, { event: v100 }, ['version_invalid_jump']],
    ['a minor that keeps the patch', { version: '1.1.1' }, { event: v100 }, ['version_invalid_jump']],
    ['a major two steps on', { version: '3.0.0' }, { event: v100 }, ['version_invalid_jump']],
    [
      'a step from the tenth minor, not the second',
      { version: '1.11.0' },
      { event: registered(registration('1.2.0'), registration('1.10.0')) },
      [],
    ],
    [
      'a patch of another schema',
      { version: '1.0.1', payloadSchema: nested(2) },
      { event: v100 },
      ['patch_must_be_byte_equal'],
    ],
    [
      'a minor of another schema',
      { version: '1.1.0', payloadSchema: nested(2) },
      { event: v100 },
      ['minor_must_be_backwards_compatible'],
    ],
    ['a major of another schema', { version: '2.0.0', payloadSchema: nested(2) }, { event: v100 }, []],
  ])('of %s', (_title, changes, about, expected) => {
    expect(codes(changes, about)).toEqual(expected)
  })

  it('with everything wrong lists all findings in the order of the rules, so that the first is the answer', () => {
    expect(
      codes(
        { namespace: 'A', name: 'B', version: 'C', payloadSchema: { ...wide(51), $ref: 'x:y' } },
        { registrationsUsed: 25 },
      ),
    ).toEqual([
      'invalid_namespace',
      'invalid_name',
      'invalid_version_format',
      'registration_quota_exceeded',
      'schema_too_wide',
      'invalid_json_schema',
    ])
    expect(
      codes(
        { namespace: 'platformxe', name: 'generic', version: '9.0.0', payloadExample: 7 },
        { organization: { plan: 'FREE', namespaceAllowlist: [] } },
      ),
    ).toEqual([
      'cannot_register_generic_event',
      'reserved_namespace',
      'namespace_not_allowed',
      'registration_quota_exceeded',
      'payload_example_does_not_match_schema',
      'version_invalid_jump',
    ])
  })

  it('says in a sentence the error and its place', () => {
    const says = (...args: Parameters<typeof check>) => check(...args).findings.map(f => f.message)
    expect(
      says({ payloadSchema: { type: 'object', properties: { a: { type: 'string', pattern: '(?=a)' } } } })[0],
    ).toMatch(/^The schema cannot be taken: '\/properties\/a\/pattern' cannot be taken: look-around /)
    expect(says({ payloadSchema: { type: 'array' } })).toEqual([
      `The schema cannot be taken: '/type' must be "object" at the root, or behind its $ref or allOf.`,
    ])
    expect(says({ payloadSchema: 'text' })).toEqual(['The schema must be an object.'])
    expect(says({ namespace: 'other' })[0]).toMatch(
      /^The namespace other is not on the organization's allowlist \(lettings, .*\): the operator can add it\.$/,
    )
    expect(says({ version: '1.0' })[0]).toMatch(/^The version must be MAJOR\.MINOR\.PATCH: /)
  })

  it('points into the request body', () => {
    const at = (...args: Parameters<typeof check>) =>
      check(...args).findings.flatMap(f => f.details?.map(d => `${d.rule} ${d.path}`))
    expect(
      at({ version: '1.1.0', payloadSchema: closed({ a: { type: 'number' } }, { required: ['a'] }) }, { event: v100 }),
    ).toEqual(['type_changed /payloadSchema/properties/a/type'])
    expect(at({ version: '1.0.1', payloadSchema: { ...schema, title: 't' } }, { event: v100 })).toEqual([
      'byte_equal /payloadSchema/title',
    ])
    expect(at({ payloadExample: { a: 'x', 'b/c': 1 } })).toEqual(['additionalProperties /payloadExample/b~1c'])
    expect(at({ payloadSchema: { type: 'object', properties: { a: { typo: 1 } } } })).toEqual([
      'typo /payloadSchema/properties/a/typo',
    ])
    expect(check({}, { event: v100 }).findings[0]?.details).toEqual([
      { path: '/version', rule: 'existing_registration', message: 'cer_1.0.0' },
    ])
  })
})

describe('the version that an emit is judged by', () => {
  const draft = registration('1.1.0', { status: 'draft' })
  const archived = registration('0.1.0', { status: 'archived' })
  const event = registered(archived, registration('1.0.0'), draft)
  it.each<[string, RegisteredEvent | undefined, string | undefined, string]>([
    ['a name without versions', undefined, undefined, 'event_not_registered'],
    ['a pinned version that does not exist', event, '2.0.0', 'event_not_registered'],
    ['no pin', event, undefined, '1.0.0'],
    ['a pinned published version', event, '1.0.0', '1.0.0'],
    ['a pinned draft', event, '1.1.0', 'event_not_published'],
    ['a pinned archived version', event, '0.1.0', 'event_not_published'],
    ['a name whose only version is a draft', registered(draft), undefined, 'event_not_published'],
    ['a name with archived versions alone', registered(archived), undefined, 'event_not_published'],
  ])('%s', (_title, of, version, expected) => {
    const resolved = resolveEvent(of, version)
    expect('code' in resolved ? resolved.code : resolved.registration.version).toBe(expected)
  })
})
