/** `clarion drift check DIR`: definitions as files against the registry. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { api } from '../index.ts'
import { type Command, UsageError } from './command.ts'
import { parseJson, readText } from './input.ts'

const SCOPES = ['listed', 'namespaces', 'all'] as const

export const driftCheck: Command = {
  name: 'drift check',
  positionals: ['PATH'],
  sentence: 'Compare definitions of event types with the registry. Exits with 1 if they differ.',
  options: {
    scope: {
      type: 'string',
      value: 'SCOPE',
      sentence: 'Whose registrations count as extra: listed (names, the default), namespaces, or all.',
    },
    persist: { type: 'boolean', sentence: 'Keep the differences as findings until a check agrees.' },
  },
  notes: `PATH is a folder of registrations (namespace, name, version, payloadSchema), as clarion plan reads it, or a file { "definitions": [ … ] }.
  clarion drift check events/ --scope namespaces`,
  async run({ client, positionals: [path = ''], text, options, print, signal }) {
    const scope = text('scope') as (typeof SCOPES)[number] | undefined
    if (scope !== undefined && !SCOPES.includes(scope))
      throw new UsageError(`there is no scope '${scope}'`, `one of: ${SCOPES.join(', ')}`)
    const input = { definitions: await definitionsIn(path), ...(scope === undefined ? {} : { scope }) }
    const found = await client().drift.check({ ...input, ...(options.persist ? { persist: true } : {}) }, { signal })
    const rows = (['added', 'changed', 'missing', 'extra'] as const).flatMap(what =>
      found[what].map(each => ({
        what,
        event: `${each.namespace}.${each.name}@${each.version}`,
        place: placesOf(each),
      })),
    )
    print.table(rows, ['what', 'event', 'place'])
    return found.inSync ? 0 : 1
  },
}

const placesOf = ({ diff = [] }: api.DeclaredState['changed'][number]): string =>
  diff.map(({ path, change }) => `${path} ${change}`).join(', ')

async function definitionsIn(path: string): Promise<unknown[]> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be read: ${error.code}`)
  })
  if (!found.isDirectory()) {
    const { definitions } = (parseJson(await readText(path), path) ?? {}) as { definitions?: unknown }
    if (Array.isArray(definitions)) return definitions
    throw new UsageError(`${path} has no list of definitions`, 'see clarion drift check --help')
  }
  const files = (await readdir(path)).filter(name => name.endsWith('.json')).sort()
  const bodies = await Promise.all(
    files.map(async file => parseJson(await readText(join(path, file)), file) as Record<string, unknown> | null),
  )
  const definitions = bodies.filter(body => body?.payloadSchema !== undefined || body?.schemaHash !== undefined)
  if (definitions.length === 0) throw new UsageError(`${path} has no definition of an event type`)
  return definitions.map(body => {
    const { namespace, name, version, payloadSchema, schemaHash, status } = body!
    return { namespace, name, version, payloadSchema, schemaHash, status }
  })
}
