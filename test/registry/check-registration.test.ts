import { describe, expect, it } from '@jest/globals'
import { parseJson } from '../../src/json/json.ts'
import type { Code } from '../../src/model/codes.ts'
import type { RegisteredEvent } from '../../src/model/control-view.ts'
import { canonicalName } from '../../src/model/names.ts'
import type { Registration } from '../../src/model/records.ts'
import {
  checkRegistration,
  type RegistrationContext,
  type RegistrationInput,
} from '../../src/registry/check-registration.ts'
import { resolveEvent } from '../../src/registry/resolve-event.ts'
import { createValidators } from '../../src/registry/validators.ts'

const validators = createValidators({ cacheMax: 20 })
const closed = (properties: Record<string, unknown>, rest: Record<string, unknown> = {}) => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...rest,
})
const schema = closed({ a: { type: 'string', description: 'an a' } }, { required: ['a'] })

const registration = (version: string, changes: Partial<Registration> = {}): Registration => ({
  id: `cer_${version}`,
  organizationId: 'org_x',
  revision: 1,
  createdAt: '',
  updatedAt: '',
  namespace: 'lettings',
  name: 'viewing',
  version,
  canonicalName: canonicalName('org_x', 'lettings.viewing', version),
  status: 'published',
  description: null,
  payloadSchema: schema,
  payloadExample: null,
  schemaHash: '',
  schemaFlavour: 'json-schema-2020-12',
  semverBump: 'initial',
  registeredBy: 'key_1',
  publishedAt: null,
  archivedAt: null,
  ...changes,
})
const registered = (...versions: Registration[]): RegisteredEvent => ({
  fullName: 'lettings.viewing',
  versions: new Map(versions.map(v => [v.version, v])),
  latestPublished: versions.findLast(v => v.status === 'published'),
})

const input: RegistrationInput = { namespace: 'lettings', name: 'viewing', version: '1.0.0', payloadSchema: schema }
const context: RegistrationContext = {
  organization: { plan: 'PRO', namespaceAllowlist: ['lettings', 'A', 'platformxe', 'order'] },
  event: undefined,
  registrationsUsed: 0,
}
const check = (changes: Partial<RegistrationInput>, about: Partial<RegistrationContext> = {}) =>
  checkRegistration({ ...input, ...changes }, { ...context, ...about }, validators)
const codes = (...args: Parameters<typeof check>): Code[] => check(...args).findings.map(f => f.code)

const nested = (levels: number): Record<string, unknown> =>
  levels === 1 ? { type: 'object' } : { type: 'object', properties: { x: nested(levels - 1) } }
const wide = (names: number) => closed(Object.fromEntries(Array.from({ length: names }, (_, i) => [`p${i}`, {}])))
const v100 = registered(registration('1.0.0'))

describe('a registration', () => {
  it('that keeps every rule has no finding, and answers hash, dialect, bump and size', () => {
    expect(check({ payloadExample: { a: 'x' } })).toEqual({
      findings: [],
      warnings: [],
      proof: null,
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
      says({ payloadSchema: { type: 'object', properties: { a: { type: 'string', format: 'phone' } } } })[0],
    ).toMatch(/^The schema cannot be taken: '\/properties\/a\/format' must be one of date-time, /)
    expect(says({ payloadSchema: { type: 'array' } })).toEqual([
      `The schema cannot be taken: '/type' must be "object" at the root.`,
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

describe('a minor of an open model', () => {
  const event = registered(registration('1.0.0', { payloadSchema: { type: 'object', properties: {} } }))
  const grown = { version: '1.1.0', payloadSchema: { type: 'object', properties: { a: { type: 'string' } } } }
  it('is taken with a warning, and refused in an organization with strict compatibility', () => {
    expect(check(grown, { event })).toMatchObject({
      findings: [],
      warnings: [{ path: '/payloadSchema/properties/a', rule: 'open_model_property_added' }],
      proof: false,
    })
    const strict = { ...context.organization, strictCompatibility: true }
    expect(check(grown, { event, organization: strict })).toMatchObject({
      findings: [
        {
          code: 'minor_must_be_backwards_compatible',
          details: [{ path: '/payloadSchema/properties/a', rule: 'open_model_property_added' }],
        },
      ],
      warnings: [],
      proof: false,
    })
  })

  it('and a schema that differs in descriptions alone is proved', () => {
    expect(check({ version: '1.0.1' }, { event: v100 }).proof).toBe(true)
    expect(check({ version: '1.1.0' }, { event: v100 }).proof).toBe(true)
    expect(check({ version: '2.0.0' }, { event: v100 }).proof).toBe(null)
  })
})

describe('a number in a schema', () => {
  const text = (member: string) => `{"type":"object","properties":{"a":${member}}}`
  const findingsOf = (schemaText: string) => {
    const parsed = parseJson(Buffer.from(schemaText), { depthMax: 64, duplicateKeys: 'refuse', exactNumbers: 'all' })
    const { findings } = check({ payloadSchema: parsed.ok && parsed.exact })
    return findings.flatMap(({ code, details = [] }) => details.map(({ path, rule }) => [code, path, rule]))
  }

  it.each([
    ['{"const":9007199254740993}', '/const'],
    ['{"maximum":1e400}', '/maximum'],
    ['{"minimum":1e-400}', '/minimum'],
    ['{"multipleOf":0.1000000000000000055511151231257827}', '/multipleOf'],
    ['{"enum":[1,{"b":[9223372036854775807]}]}', '/enum/1/b/0'],
    ['{"default":12345678901234567890}', '/default'],
    ['{"items":9007199254740993}', '/items'],
  ])('that a double would change is refused with its place: %s', (member, path) => {
    expect(findingsOf(text(member))).toEqual([
      ['invalid_json_schema', `/payloadSchema/properties/a${path}`, 'inexact_number'],
    ])
  })

  it.each([
    '{"const":9007199254740992}',
    '{"maximum":1e20}',
    '{"multipleOf":0.10}',
    '{"maximum":1.7976931348623157e308}',
  ])('that a double keeps is taken: %s', member => expect(findingsOf(text(member))).toEqual([]))
})

describe('an annotation', () => {
  const findings = (words: Record<string, unknown>) =>
    check({ payloadSchema: { type: 'object', properties: { a: words } } }).findings.map(({ code, details }) => [
      code,
      details?.[0]?.path,
    ])

  it.each<[string, unknown]>([
    ['title', 5],
    ['description', {}],
    ['deprecated', 'yes'],
    ['examples', 1],
    ['$comment', 3],
    ['readOnly', 'no'],
    ['writeOnly', 0],
    ['contentEncoding', 8],
    ['contentSchema', 'text'],
    ['externalDocs', 'https://example.com'],
    ['discriminator', {}],
    ['xml', []],
  ])('must be what its meta-schema says: %s is not %j', (word, value) => {
    const [[code, path] = []] = findings({ [word]: value })
    expect([code, path?.startsWith(`/payloadSchema/properties/a/${word}`)]).toEqual(['invalid_json_schema', true])
  })

  it('may be anything where its meta-schema says so, and is no annotation where it is the name of a property', () => {
    expect(
      findings({ default: 5, example: [1], 'x-y': null, examples: [1], title: 't', externalDocs: { url: 'u' } }),
    ).toEqual([])
    expect(findings({ properties: { title: { title: 'a' }, deprecated: true } })).toEqual([])
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
