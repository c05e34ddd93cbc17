/** Holds every answer that a test of the API receives to what the document says of its route. */
import { codesOf } from '../../src/api/document/codes-of-route.ts'
import { NAMED_ROUTES, shortPath } from '../../src/api/document/operation-names.ts'
import type { Route } from '../../src/api/http/route.ts'
import { createValidators } from '../../src/api/http/validate.ts'
import { ClarionError, type Code } from '../../src/model/codes.ts'

interface Said {
  status: number
  body: { success?: boolean; data?: unknown; error?: { code: string } } | string
}

/** A route is held to its description as soon as the table of names has it. */
const isNamed = ({ method, path }: Route) => NAMED_ROUTES.has(`${method} ${shortPath(path)}`)

/** Throws where an answer has a field, or a refusal a code, that the document does not have. */
export function describedBy(routes: readonly Route[]): (method: string, path: string, said: Said) => void {
  const validators = createValidators()
  const known = routes
    .filter(({ path }) => !path.includes('/schema-registry'))
    .map(route => ({
      route,
      pattern: new RegExp(`^${route.path.replace(/:\w+/g, '[^/]+')}/?$`, 'i'),
      codes: new Set<string>(codesOf(route)),
      check: route.answer === undefined ? undefined : validators.body(route.answer),
      checkDryRun: route.dryRunAnswer === undefined ? undefined : validators.body(route.dryRunAnswer),
    }))
  return (method, path, { status, body }) => {
    // As the request had it: without `.` and `..`.
    const { pathname: bare, searchParams } = new URL(path, 'http://localhost')
    const found = known.find(({ route, pattern }) => route.method === method && pattern.test(bare))
    if (found === undefined || typeof body !== 'object' || !isNamed(found.route)) return
    const name = `${method} ${found.route.path}`
    if (body.error !== undefined && !found.codes.has(body.error.code as Code))
      throw new Error(`${name} refuses with ${body.error.code} (${status}), which its description does not name.`)
    const described = status === 200 ? (found.checkDryRun ?? found.check) : found.check
    // Attributes of CloudEvents are those of their own specification.
    const isForeign = searchParams.get('format') === 'cloudevents'
    if (body.success !== true || described === undefined || isForeign) return
    try {
      // The check rewrites times in place.
      described(structuredClone(body.data))
    } catch (error) {
      if (!(error instanceof ClarionError)) throw error
      throw new Error(`${name} answers what its description does not have: ${JSON.stringify(error.details)}`)
    }
  }
}
