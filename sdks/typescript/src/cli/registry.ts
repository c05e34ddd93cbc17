/** `clarion dry-run` and `clarion health`. */
import type { DryRun, NewRegistration } from '../client/types.ts'
import type { Command, Context } from './command.ts'
import { UsageError } from './command.ts'
import { objectJson, parseJson, readInput, readText } from './input.ts'

export const dryRun: Command = {
  name: 'dry-run',
  positionals: ['[FILE]'],
  sentence: 'Check a registration without creating it, and show all findings. Exits with 1 if it would be refused.',
  // biome-ignore format: a table
  options: {
    namespace: { type: 'string', value: 'TEXT', sentence: 'Instead of a FILE with the whole registration.' },
    name: { type: 'string', value: 'TEXT', sentence: 'As above.' },
    version: { type: 'string', value: 'X.Y.Z', sentence: 'As above; over what FILE says.' },
    schema: { type: 'string', value: 'FILE', sentence: 'As above: the JSON Schema of the payload.' },
    history: { type: 'boolean', sentence: 'Also validate the payloads of the last 30 days.' },
  },
  notes: `FILE is the body of POST /api/v1/events/custom, or - for stdin.
  clarion dry-run order-paid.json
  clarion dry-run --namespace northwind --name order.paid --version 1.1.0 --schema order-paid.schema.json`,
  async run(context) {
    const history = context.options.history === true
    const found = await context
      .client()
      .events.custom.dryRun({ ...(await registrationOf(context)), history }, { signal: context.signal })
    context.print.record(context.print.json ? found : factsOf(found))
    if (!context.print.json)
      for (const { code, message, details } of found.findings) note(context, code, message, details)
    return found.valid ? 0 : 1
  },
}

export const health: Command = {
  name: 'health',
  positionals: [],
  sentence: 'Plan, usage, capabilities and the latest failures.',
  options: {},
  async run({ client, print, signal }) {
    const found = await client().events.custom.health({ signal })
    const { recentFailures, ...facts } = found
    print.record(print.json ? found : facts)
    if (!print.json && recentFailures.length > 0)
      print.table(recentFailures, ['id', 'canonicalName', 'errorMessage', 'createdAt'])
    return 0
  },
}

/** The main facts of a dry run; the JSON has all of them. */
function factsOf({
  valid,
  canonicalName,
  semverBump,
  schemaHash,
  schemaFlavour,
  schemaDepth,
  schemaPropertyCount,
  proof,
  ...more
}: DryRun) {
  const { webhooks, peers } = more.impact
  const history = more.history ? { judged: more.history.judged, refused: more.history.refused } : undefined
  return {
    ...{ valid, canonicalName, semverBump, schemaHash, schemaFlavour, schemaDepth, schemaPropertyCount, proof },
    receivers: { webhooks: webhooks.length, peers: peers.length },
    ...(history ? { history } : {}),
    ...Object.fromEntries(
      more.warnings.map(({ path, message }, index) => [`warning.${index + 1}`, `${path || '/'}: ${message}`]),
    ),
  }
}

async function registrationOf({ positionals: [file], text, stdin }: Context): Promise<NewRegistration> {
  const json = file === undefined ? '{}' : await readInput(file === '-' ? '-' : `@${file}`, stdin)
  const whole = JSON.parse(objectJson(json, file ?? 'it')) as object
  const schema = text('schema')
  const given = {
    namespace: text('namespace'),
    name: text('name'),
    version: text('version'),
    payloadSchema: schema === undefined ? undefined : parseJson(await readText(schema), schema),
  }
  const registration = {
    ...whole,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }
  const missing = ['namespace', 'name', 'version', 'payloadSchema'].filter(field => !(field in registration))
  if (missing.length > 0)
    throw new UsageError(`${missing.join(', ')} missing`, 'give FILE, or --namespace, --name, --version and --schema')
  return registration as unknown as NewRegistration
}

function note(
  { print }: Context,
  code: string,
  message: string,
  details: ReadonlyArray<{ path: string; message: string }>,
): void {
  print.note(`${code}: ${message}`)
  for (const each of details) print.note(`  ${each.path || '/'}: ${each.message}`)
}
