/** `clarion types`: a registration's payload as types of a programming language, for a build or a commit hook. */
import { writeFile } from 'node:fs/promises'
import type { Registration, TypesLanguage } from '../client/types.ts'
import { type Command, type Context, UsageError } from './command.ts'

const LANGUAGES: readonly TypesLanguage[] = ['typescript', 'python', 'go']

export const types: Command = {
  name: 'types',
  positionals: ['NAME'],
  sentence: "Types for an event's payload, made from its schema.",
  // biome-ignore format: a table
  options: {
    lang: { type: 'string', value: 'NAME', sentence: `${LANGUAGES.join(', ')}; default typescript.` },
    version: { type: 'string', value: 'X.Y.Z', sentence: 'Default: the highest published one.' },
    out: { type: 'string', value: 'FILE', sentence: 'Write the code there.' },
  },
  async run(context) {
    const { client, text, print, signal } = context
    const lang = (text('lang') ?? 'typescript') as TypesLanguage
    if (!LANGUAGES.includes(lang))
      throw new UsageError(`there is no language '${lang}'`, `one of: ${LANGUAGES.join(', ')}`)
    const { id, canonicalName } = await registrationOf(context)
    const { code, schemaHash } = await client().events.custom.types(id, { lang }, { signal })
    const file = text('out')
    if (file === undefined) print.line(code.trimEnd(), { canonicalName, schemaHash, code })
    else {
      await write(file, code)
      print.record({ canonicalName, schemaHash, file })
    }
    return 0
  },
}

/** Throws a `UsageError` for a folder that is not there, or that may not be written. */
async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`)
  }
}

async function registrationOf({ client, positionals: [name = ''], text, signal }: Context): Promise<Registration> {
  const dot = name.indexOf('.')
  if (dot < 1)
    throw new UsageError(
      `'${name}' is not the name of an event`,
      'NAME is <namespace>.<name>, such as northwind.order.paid',
    )
  const version = text('version')
  let best: Registration | undefined
  const query = { namespace: name.slice(0, dot), name: name.slice(dot + 1) }
  for await (const each of client().events.custom.each(query, { signal })) {
    if (version === undefined ? each.status === 'published' && isHigher(each, best) : each.version === version)
      best = each
  }
  if (best === undefined)
    throw new UsageError(
      `${name} has no ${version ?? 'published'} version`,
      'clarion dry-run checks one before it is registered',
    )
  return best
}

function isHigher({ version }: Registration, than: Registration | undefined): boolean {
  const [a, b] = [version, than?.version ?? '-1.0.0'].map(each => each.split('.').map(Number)) as [number[], number[]]
  const different = a.findIndex((part, index) => part !== b[index])
  return different >= 0 && a[different]! > b[different]!
}
