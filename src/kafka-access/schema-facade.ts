/**
 * The read API of the Confluent Schema Registry over an organization's registrations: its paths, bodies and error
 * codes, so that its clients and serializers work unchanged. Changes are refused, as by a registry in mode READONLY;
 * registering an existing schema answers its id, since serializers do so by default. See
 * docs/specification/kafka.md#schema-registry.
 */

import { parseJson } from '../json/json.ts'
import type { Finding } from '../model/codes.ts'
import type { CompatibilityMode } from '../model/compatibility.ts'
import type { RegisteredEvent } from '../model/control-view.ts'
import type { Registration } from '../model/registrations.ts'
import { SCHEMA_NESTING_MAX } from '../registry/schema-limits.ts'
import type { SchemaObject } from '../registry/schema-positions.ts'
import { isActive, type Subjects, type SubjectVersion } from './schema-subjects.ts'

export interface Facade {
  subjects: Subjects
  event(fullName: string): RegisteredEvent | undefined
  /** The faults of a schema; empty: it can judge payloads. */
  checkSchema(schema: unknown): Finding[]
  /** The mode of an event; without a name, that of the organization. */
  mode(fullName?: string): CompatibilityMode
  /** Why a schema is no minor after the first of these versions, or, by the mode, after all; empty: it is one. */
  checkMinor(versions: Registration[], next: SchemaObject, mode: CompatibilityMode): Finding[]
}

export interface FacadeCall {
  params: Record<string, string>
  query: URLSearchParams
  body: unknown
}

/** An error of Confluent's: five digits whose first three are the status. */
export class FacadeError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.name = 'FacadeError'
    this.code = code
  }
  get status(): number {
    return this.code < 1_000 ? this.code : Math.floor(this.code / 100)
  }
}

interface FacadeRoute {
  method: 'GET' | 'POST'
  /** Below the root of the façade. */
  path: string
  summary: string
  answer(facade: Facade, call: FacadeCall): unknown
}

const JSON_TYPE = 'JSON'

// biome-ignore format: a table
export const FACADE_ROUTES: readonly FacadeRoute[] = [
  { method: 'GET', path: '', summary: 'The root, as the registry has it.', answer: () => ({}) },
  { method: 'GET', path: '/subjects', summary: 'Names of the published events.', answer: listSubjects },
  { method: 'POST', path: '/subjects/:subject', summary: 'Look a schema up.', answer: lookUp },
  { method: 'GET', path: '/subjects/:subject/versions', summary: 'Version numbers of an event.', answer: listVersions },
  { method: 'POST', path: '/subjects/:subject/versions', summary: 'The id of a schema that is there; nothing is registered.', answer: (facade, call) => { const { schemaId: id, guid } = findOrRefuse(facade, call); return { id, guid } } },
  { method: 'GET', path: '/subjects/:subject/versions/:version', summary: 'One version with its schema.', answer: (facade, call) => present(getVersion(facade, call)) },
  { method: 'GET', path: '/subjects/:subject/versions/:version/schema', summary: 'The schema alone.', answer: (facade, call) => getVersion(facade, call).registration.payloadSchema },
  { method: 'GET', path: '/subjects/:subject/versions/:version/referencedby', summary: 'Always empty: schemas refer to none.', answer: (facade, call) => { getVersion(facade, call); return [] } },
  { method: 'GET', path: '/schemas', summary: 'All versions with their schemas.', answer: listSchemas },
  { method: 'GET', path: '/schemas/types', summary: 'JSON.', answer: () => [JSON_TYPE] },
  { method: 'GET', path: '/schemas/ids/:schemaId', summary: 'A schema by its id.', answer: (facade, call) => bare(getById(facade, call)) },
  { method: 'GET', path: '/schemas/guids/:guid', summary: 'A schema by the GUID that serializers write into a header.', answer: (facade, call) => bare(getByGuid(facade, call)) },
  { method: 'GET', path: '/schemas/ids/:schemaId/schema', summary: 'The schema alone.', answer: (facade, call) => getById(facade, call).registration.payloadSchema },
  { method: 'GET', path: '/schemas/ids/:schemaId/subjects', summary: 'The event that it is of.', answer: (facade, call) => [getById(facade, call).subject] },
  { method: 'GET', path: '/schemas/ids/:schemaId/versions', summary: 'Event and version that it is of.', answer: (facade, call) => { const { subject, version } = getById(facade, call); return [{ subject, version }] } },
  { method: 'GET', path: '/config', summary: 'The compatibility that a minor version is held to.', answer: facade => levelOf(facade) },
  { method: 'GET', path: '/config/:subject', summary: 'The same, of one event.', answer: (facade, call) => levelOf(facade, getVersions(facade, call)[0]!.subject) },
  { method: 'GET', path: '/mode', summary: 'READONLY.', answer: () => ({ mode: 'READONLY' }) },
  { method: 'GET', path: '/mode/:subject', summary: 'READONLY.', answer: () => ({ mode: 'READONLY' }) },
  { method: 'POST', path: '/compatibility/subjects/:subject/versions', summary: 'Whether a schema could be a minor version after the newest one, or by the mode after all of its major.', answer: checkWithAll },
  { method: 'POST', path: '/compatibility/subjects/:subject/versions/:version', summary: 'Whether a schema could be a minor version after this one.', answer: checkCompatibility },
]

/** The compatibility level of minor versions; a major version may break it, as a new subject would. */
const levelOf = ({ mode }: Facade, subject?: string) => ({ compatibilityLevel: mode(subject).toUpperCase() })

const withDeleted = (query: URLSearchParams): boolean => query.get('deleted') === 'true'

function listSubjects({ subjects }: Facade, { query }: FacadeCall): string[] {
  const prefix = query.get('subjectPrefix') ?? ''
  return subjects.names(withDeleted(query)).filter(name => name.startsWith(prefix))
}

function listSchemas(facade: Facade, call: FacadeCall): unknown[] {
  const named = listSubjects(facade, call).flatMap(subject => facade.subjects.versions(subject))
  return named.filter(each => withDeleted(call.query) || isActive(each)).map(present)
}

function getVersions({ subjects }: Facade, { params, query }: FacadeCall): SubjectVersion[] {
  const versions = subjects.versions(params.subject!).filter(each => withDeleted(query) || isActive(each))
  if (versions.length === 0) throw new FacadeError(40401, `Subject '${params.subject}' not found.`)
  return versions
}

function listVersions(facade: Facade, call: FacadeCall): number[] {
  return getVersions(facade, call).map(({ version }) => version)
}

/** By number, `latest` or -1, and by the event's own version. `latest` is the highest published one. */
function getVersion(facade: Facade, call: FacadeCall): SubjectVersion {
  const requested = call.params.version!
  const versions = getVersions(facade, call)
  const latest = facade.event(versions[0]!.subject)?.latestPublished?.version
  const resolved = requested === 'latest' || requested === '-1' ? latest : requested
  const found = versions.find(
    ({ version, registration }) => registration.version === resolved || String(version) === resolved,
  )
  if (found) return found
  if (/^[1-9]\d{0,9}$/.test(requested) || /^\d+\.\d+\.\d+$/.test(requested))
    throw new FacadeError(40402, `Version ${requested} not found.`)
  const allowed = 'Allowed values are between [1, 2^31-1] and the string "latest"'
  throw new FacadeError(42202, `The specified version '${requested}' is not a valid version id. ${allowed}`)
}

function getById({ subjects }: Facade, { params }: FacadeCall): SubjectVersion {
  const id = params.schemaId!
  const found = /^\d{1,10}$/.test(id) ? subjects.byId(Number(id)) : undefined
  if (found === undefined) throw new FacadeError(40403, `Schema ${id} not found`)
  return found
}

function getByGuid({ subjects }: Facade, { params }: FacadeCall): SubjectVersion {
  const found = subjects.byGuid(params.guid!.toLowerCase())
  if (found === undefined) throw new FacadeError(40403, `Schema ${params.guid!.slice(0, 100)} not found`)
  return found
}

function lookUp(facade: Facade, call: FacadeCall): unknown {
  const schema = schemaIn(call)
  const found = facade.subjects.find(call.params.subject!, schema)
  if (found) return present({ ...found, subject: call.params.subject! })
  if (!isTopic(call)) getVersions(facade, call)
  throw new FacadeError(40403, 'Schema not found')
}

/** The topic's own subject has no versions. */
const isTopic = ({ params }: FacadeCall): boolean => params.subject!.endsWith('-value')

function findOrRefuse(facade: Facade, call: FacadeCall): SubjectVersion {
  const found = facade.subjects.find(call.params.subject!, schemaIn(call))
  if (found) return found
  throw new FacadeError(
    42205,
    `Subject ${call.params.subject} is in read-only mode: events are registered with POST /api/v1/events/custom.`,
  )
}

function checkCompatibility(facade: Facade, call: FacadeCall): unknown {
  const { registration, subject } = getVersion(facade, call)
  return verdictOn(facade, call, subject, [registration])
}

function checkWithAll(facade: Facade, call: FacadeCall): unknown {
  const { registration, subject } = getVersion(facade, { ...call, params: { ...call.params, version: 'latest' } })
  const major = (version: string): string => version.split('.')[0]!
  const others = getVersions(facade, call).map(each => each.registration)
  const ofMajor = others.filter(each => each !== registration && major(each.version) === major(registration.version))
  return verdictOn(facade, call, subject, [registration, ...ofMajor.reverse()])
}

function verdictOn(facade: Facade, call: FacadeCall, subject: string, versions: Registration[]): unknown {
  const schema = schemaIn(call)
  const wrong = facade.checkSchema(schema)
  if (wrong.length > 0) throw new FacadeError(42201, `Invalid schema: at '${wrong[0]!.path}' ${wrong[0]!.message}`)
  const mode = facade.mode(subject)
  const findings = facade.checkMinor(versions, schema as SchemaObject, mode)
  const messages = findings.map(({ path, rule, message }) => `${rule} at '${path}': ${message}`)
  const verbose = call.query.get('verbose') === 'true'
  return { is_compatible: findings.length === 0, ...(verbose ? { messages } : {}) }
}

/** `{ schema: "<JSON>", schemaType: "JSON" }`. */
function schemaIn({ body }: FacadeCall): unknown {
  const { schema, schemaType = 'AVRO' } = (typeof body === 'object' && body !== null ? body : {}) as {
    schema?: unknown
    schemaType?: unknown
  }
  if (typeof schema !== 'string') throw new FacadeError(42201, 'Empty schema')
  if (schemaType !== JSON_TYPE)
    throw new FacadeError(42201, `Invalid schema type ${schemaType}: events have schemas of the type ${JSON_TYPE}`)
  const parsed = parseJson(Buffer.from(schema), {
    depthMax: SCHEMA_NESTING_MAX,
    duplicateKeys: 'refuse',
    exactNumbers: 'all',
  })
  if (parsed.ok) return parsed.exact
  const [{ path, message } = { path: '', message: '' }] = parsed.findings
  throw new FacadeError(42201, `Invalid schema: at '${path}' ${message}`)
}

const textOf = ({ registration }: SubjectVersion): string => JSON.stringify(registration.payloadSchema)

const bare = (found: SubjectVersion) => ({ guid: found.guid, schemaType: JSON_TYPE, schema: textOf(found) })
const present = (found: SubjectVersion) => ({
  subject: found.subject,
  version: found.version,
  id: found.schemaId,
  guid: found.guid,
  schemaType: JSON_TYPE,
  schema: textOf(found),
})
