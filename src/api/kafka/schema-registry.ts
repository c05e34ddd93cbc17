/**
 * The schema façade over HTTP: bare answers, the registry's own errors, and its way to log in: Basic, with a key as the
 * password.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { FACADE_ROUTES, type Facade, type FacadeCall, FacadeError } from '../../kafka-access/schema-facade.ts'
import { subjectsOf } from '../../kafka-access/schema-subjects.ts'
import type { Logger } from '../../logger.ts'
import type { Finding } from '../../model/codes.ts'
import { ClarionError } from '../../model/codes.ts'
import { modeInForce } from '../../model/compatibility.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Organization } from '../../model/organizations.ts'
import { schemaRulesOf } from '../../registry/check-registration.ts'
import { checkSchema } from '../../registry/check-schema.ts'
import { judgeModes } from '../../registry/compatibility/modes.ts'
import type { Validators } from '../../registry/validators.ts'
import { type Authenticate, requireScope } from '../http/authenticate.ts'
import { BODY_BYTES_MAX, parseCommand, RequestAborted, readBody } from '../http/body.ts'
import type { DirectHandler, Route } from '../http/route.ts'

const ROOT = '/api/v1/schema-registry'
const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

export interface SchemaRegistryDeps {
  view: ControlView
  authenticate: Authenticate
  validators: Validators
  logger: Logger
}

export function createSchemaRegistryRoutes(deps: SchemaRegistryDeps): Route[] {
  return FACADE_ROUTES.map(route => {
    const direct: DirectHandler = async (request, response) => {
      try {
        const { organization } = requireScope(
          deps.authenticate(withKey(request.headers), request.socket.remoteAddress),
          'events:read',
        )
        const call = await readCall(request, route.path)
        send(response, 200, route.answer(facadeOf(organization), call))
      } catch (error) {
        if (error instanceof RequestAborted) return
        fail(response, error)
      }
    }
    return {
      method: route.method,
      path: `${ROOT}${route.path}`,
      access: 'events:read',
      summary: `Schema registry: ${route.summary}`,
      direct,
    }
  })

  function facadeOf(organization: Organization): Facade {
    const { id: organizationId } = organization
    const strict = organization.strictCompatibility === true
    return {
      subjects: subjectsOf(organizationId, deps.view.list('registration', organizationId)),
      event: fullName => deps.view.event(organizationId, fullName),
      checkSchema: schema => schemaFindings(schema, organization),
      mode: fullName => modeInForce(organization, fullName).mode,
      checkMinor: ([base, ...earlier], next, mode) =>
        base ? judgeModes(base, earlier, next, { strict }).of(mode).findings : [],
    }
  }

  function schemaFindings(payloadSchema: unknown, organization: Organization): Finding[] {
    const input = { namespace: '', name: '', version: '', payloadSchema }
    return checkSchema(input, deps.validators, schemaRulesOf(organization)).findings.map(
      ({ code, message, details }) => details?.[0] ?? { path: '', rule: code, message },
    )
  }

  function fail(response: ServerResponse, error: unknown): void {
    const known = error instanceof FacadeError || error instanceof ClarionError
    if (!known) deps.logger.error({ err: error }, 'a call of the schema façade failed unexpectedly')
    const failure = error instanceof FacadeError ? error : translated(error)
    const headers: Record<string, string> =
      failure.status === 401 ? { 'www-authenticate': 'Basic realm="Clarion"' } : {}
    send(response, failure.status, { error_code: failure.code, message: failure.message }, headers)
  }
}

/** Basic, with the key as the password (serializers support nothing else), or one of the API's own headers. */
function withKey(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const [scheme = '', encoded = ''] = (headers.authorization ?? '').split(' ')
  if (scheme.toLowerCase() !== 'basic') return headers
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  return { ...headers, authorization: undefined, 'x-api-key': text.slice(text.indexOf(':') + 1) }
}

function translated(error: unknown): FacadeError {
  if (!(error instanceof ClarionError)) return new FacadeError(50001, 'Error in the backend data store')
  if (error.code === 'unauthorized') return new FacadeError(40101, error.message)
  if (error.code === 'insufficient_scope') return new FacadeError(40301, error.message)
  return new FacadeError(error.code === 'payload_too_large' ? 413 : 400, error.message)
}

async function readCall(request: IncomingMessage, pattern: string): Promise<FacadeCall> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const given = path.slice(ROOT.length).split('/')
  const params: Record<string, string> = {}
  pattern.split('/').forEach((name, at) => {
    if (name.startsWith(':')) params[name.slice(1)] = decoded(given[at] ?? '')
  })
  const body = request.method === 'POST' ? parseCommand(await readBody(request, BODY_BYTES_MAX)) : undefined
  return { params, query: new URLSearchParams(query), body }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': CONTENT_TYPE, ...headers })
  response.end(JSON.stringify(body))
}
