/** `clarion workflow …`: deploys definitions that are kept as files. `route.ts` has the same for API routes. */
import type { Workflow, WorkflowFinding } from '../client/types.ts'
import type { Command, Context } from './command.ts'
import { parseJson, readInput } from './input.ts'
import { RUNS } from './workflow-runs.ts'

type Noun = 'workflow' | 'route'

const callsOf = ({ client }: Pick<Context, 'client'>, noun: Noun) =>
  noun === 'route' ? client().routes : client().workflows

const EXAMPLES = {
  workflow: 'wf_01kwefyq1qttdqskh7pgkhvzt8 reorder.json',
  route: 'rte_01kwefyq1qttdqskh7pgkhvzt8 orders.json',
}

export const deployOf = (noun: Noun): Command => ({
  name: `${noun} deploy`,
  positionals: ['ID', '[FILE]'],
  sentence: `Save FILE as the draft of a ${noun}, and make the draft its next version, live at once.`,
  // biome-ignore format: a table
  options: {
    inactive: { type: 'boolean', sentence: `Leave the ${noun} switched off at its first deploy.` },
    'draft-only': { type: 'boolean', sentence: 'Save the draft and show its findings; exits with 1 if it could not be deployed.' },
  },
  notes: `FILE is the definition as JSON, or - for stdin; without it the draft that is there is deployed.
  clarion ${noun} deploy ${EXAMPLES[noun]}`,
  async run(context) {
    const { positionals, options, print, signal } = context
    const [id = ''] = positionals
    const calls = callsOf(context, noun)
    const saved = await savedDraft(context, noun)
    if (options['draft-only'] === true) return showDraft(context, saved ?? (await calls.get(id, { signal })).draft)
    const activate = options.inactive === true ? { activate: false } : {}
    const ifHash = saved === undefined ? {} : { ifHash: saved.hash }
    const deployed = await calls.deploy(id, { ...ifHash, ...activate }, { signal })
    const { workflowId, version, hash, active, warnings } = deployed
    print.record(print.json ? deployed : { workflowId, version, hash, active })
    if (!print.json) noteAll(context, warnings)
    return 0
  },
})

async function savedDraft(context: Context, noun: Noun) {
  const {
    positionals: [id = '', file],
    stdin,
    signal,
  } = context
  if (file === undefined) return undefined
  const definition = parseJson(await readInput(file === '-' ? '-' : `@${file}`, stdin), file)
  return callsOf(context, noun).saveDraft(id, definition, { signal })
}

function showDraft(context: Context, draft: Workflow['draft']): 0 | 1 {
  const { print } = context
  if (draft === null) {
    print.note('there is no draft: give FILE')
    return 1
  }
  const { revision, hash, bytes, findings } = draft
  print.record(print.json ? draft : { revision, hash, bytes })
  if (!print.json) noteAll(context, findings)
  return findings.some(({ severity }) => severity === 'error') ? 1 : 0
}

function noteAll({ print }: Context, findings: readonly WorkflowFinding[]): void {
  for (const { severity, path, rule, message } of findings)
    print.note(`${severity} ${path || '/'}: ${message} (${rule})`)
}

const list: Command = {
  name: 'workflow list',
  positionals: [],
  sentence: 'Workflows of the environment, newest first.',
  // biome-ignore format: a table
  options: {
    limit: { type: 'string', value: 'N', sentence: 'At most this many; default 20.' },
  },
  async run({ client, number, print, signal }) {
    const limit = number('limit', 20)
    const rows: Workflow[] = []
    for await (const row of client().workflows.each({ limit: Math.min(limit, 100) }, { signal })) {
      rows.push(row)
      if (rows.length === limit) break
    }
    const shown = rows.map(row => ({ ...row, version: row.deployed?.version ?? null, listensTo: listensTo(row) }))
    print.table(print.json ? rows : shown, ['id', 'name', 'listensTo', 'version', 'active', 'updatedAt'])
    return 0
  },
}

function listensTo({ trigger }: Workflow): string {
  if (trigger.kind === 'event') return trigger.event
  return trigger.kind === 'schedule' ? trigger.cron : trigger.kind
}

export const versionsOf = (noun: Noun): Command => ({
  name: `${noun} versions`,
  positionals: ['ID'],
  sentence: `The versions of a ${noun} that are kept, newest first, and what each changed.`,
  options: {},
  async run({ client, positionals: [id = ''], print, signal }) {
    const { data } = await callsOf({ client }, noun).versions(id, { limit: 100 }, { signal })
    const shown = data.map(row => ({
      ...row,
      changes: row.changes?.map(({ kind, key }) => `${kind} ${key}`).join(', ') ?? null,
    }))
    print.table(print.json ? data : shown, ['version', 'live', 'deployedAt', 'deployedBy', 'rollbackOf', 'changes'])
    return 0
  },
})

export const WORKFLOWS: readonly Command[] = [deployOf('workflow'), list, versionsOf('workflow'), ...RUNS]
