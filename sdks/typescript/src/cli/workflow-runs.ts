/** `clarion workflow run|debug|runs|logs|cancel|retry`: runs, and what they did. */
import type { Run, RunFilter, RunStatus, RunStep, RunSummary } from '../client/types.ts'
import type { Command, Context, ExitCode } from './command.ts'
import { parseJson, readInput } from './input.ts'
import { printable } from './printer.ts'

const params = {
  type: 'string',
  value: 'JSON',
  sentence: 'What the run is started with: JSON, @FILE or - for stdin.',
} as const

/** A run that has failed is a failure of the command. */
const exitCodeOf = ({ status }: Pick<Run, 'status'>): ExitCode =>
  status === 'succeeded' || status === 'skipped' ? 0 : 1

async function paramsOf({ options, stdin }: Context): Promise<Record<string, unknown>> {
  if (typeof options.params !== 'string') return {}
  return parseJson(await readInput(options.params, stdin), '--params') as Record<string, unknown>
}

function stepLine({ number, path, type, status, attempts, durationMs, error }: RunStep): string {
  const tries = attempts > 1 ? `, ${attempts} attempts` : ''
  const failure = error === null ? '' : `: ${error.code}, ${error.message}`
  return printable(`${number} ${path} (${type}) ${status} in ${durationMs} ms${tries}${failure}`)
}

/** As it goes on, until it has ended. */
async function follow({ client, print, signal }: Context, runId: string): Promise<ExitCode> {
  for await (const news of client().workflows.watchRun(runId, { signal })) {
    if (news.type === 'step') print.line(stepLine(news.step), news)
    else if (print.json) print.line('', news)
    if (news.type !== 'end') continue
    if (!print.json) showRun(print, news.run)
    return exitCodeOf(news.run)
  }
  return 1
}

function showRun(print: Context['print'], { id, status, durationMs, error, output }: Omit<Run, 'steps'>): void {
  print.record({ id, status, durationMs, error, output })
}

const run: Command = {
  name: 'workflow run',
  positionals: ['ID'],
  sentence: 'Start the live version by hand, and show its steps as they end.',
  // biome-ignore format: a table
  options: {
    params,
    detach: { type: 'boolean', sentence: 'Do not wait: show the id of the run.' },
  },
  async run(context) {
    const {
      client,
      positionals: [id = ''],
      options,
      print,
      signal,
    } = context
    const started = await client().workflows.run(id, await paramsOf(context), { signal })
    if (options.detach !== true) return follow(context, started.runId)
    print.record(started)
    return 0
  },
}

const debug: Command = {
  name: 'workflow debug',
  positionals: ['ID', '[FILE]'],
  sentence: 'Run FILE, or the draft, with params of yours, and show each step with its input and output.',
  // biome-ignore format: a table
  options: {
    params,
    from: { type: 'string', value: 'WHAT', sentence: 'Take the params from the schema, the last event or the last run: schema, event, run.' },
    'stop-at': { type: 'string', value: 'KEY', sentence: 'End behind this action.' },
    mock: { type: 'string', value: 'JSON', sentence: 'Outputs by action key, JSON, @FILE or - for stdin.' },
    'mock-effects': { type: 'boolean', sentence: 'Let nothing leave the platform.' },
    emit: { type: 'boolean', sentence: 'Emit the events that it creates.' },
  },
  async run(context) {
    const {
      client,
      positionals: [id = '', file],
      options,
      print,
      stdin,
      signal,
    } = context
    const { from, mock } = options
    const given =
      from === undefined
        ? await paramsOf(context)
        : await client().workflows.debugParams(id, { from: from as 'schema' }, { signal })
    const definition =
      file === undefined ? {} : { definition: parseJson(await readInput(file === '-' ? '-' : `@${file}`, stdin), file) }
    const mocks =
      typeof mock === 'string'
        ? { mock: parseJson(await readInput(mock, stdin), '--mock') as Record<string, unknown> }
        : {}
    const stopAt = typeof options['stop-at'] === 'string' ? { stopAt: options['stop-at'] } : {}
    const sideEffects = options['mock-effects'] === true ? 'mock' : 'execute'
    const input = {
      params: given as Record<string, unknown>,
      ...definition,
      ...mocks,
      ...stopAt,
      sideEffects,
      emit: options.emit === true,
    } as const
    const answer = await client().workflows.debug(id, input, { signal })
    if ('runId' in answer) return follow(context, answer.runId)
    if (print.json) print.record(answer)
    else showSteps(print, answer)
    return exitCodeOf(answer)
  },
}

function showSteps(print: Context['print'], found: Run): void {
  for (const step of found.steps) {
    print.line(stepLine(step), step)
    print.record({
      path: step.path,
      input: step.input,
      output: step.output,
      ...(step.variables === undefined ? {} : { variables: step.variables }),
    })
  }
  showRun(print, found)
}

const runs: Command = {
  name: 'workflow runs',
  positionals: ['[ID]'],
  sentence: 'Runs of a workflow, or of all, newest first.',
  // biome-ignore format: a table
  options: {
    limit: { type: 'string', value: 'N', sentence: 'At most this many, up to 100; default 20.' },
    status: { type: 'string', value: 'STATUS', sentence: 'Only those: queued, running, waiting, succeeded, failed, cancelled, timed_out, truncated, skipped.' },
    code: { type: 'string', value: 'CODE', sentence: 'Only those that ended with this code.' },
    from: { type: 'string', value: 'TIME', sentence: 'Only those that started then or later.' },
  },
  async run({ client, positionals: [id], options, number, print, signal }) {
    const filter: RunFilter = { limit: Math.min(number('limit', 20), 100) }
    if (typeof options.status === 'string') filter.status = options.status as RunStatus
    if (typeof options.code === 'string') filter.code = options.code
    if (typeof options.from === 'string') filter.from = options.from
    const { workflows } = client()
    const { data } =
      id === undefined ? await workflows.runs(filter, { signal }) : await workflows.runsOf(id, filter, { signal })
    const shown = data.map((row: RunSummary) => ({
      ...row,
      trigger: row.trigger.canonicalName ?? row.trigger.kind,
      code: row.error?.code ?? row.skipReason,
    }))
    print.table(print.json ? data : shown, ['id', 'workflowId', 'status', 'code', 'trigger', 'startedAt', 'durationMs'])
    return 0
  },
}

const logs: Command = {
  name: 'workflow logs',
  positionals: ['RUN'],
  sentence: 'The steps of a run, those to come too, until it has ended.',
  options: {},
  run: context => follow(context, context.positionals[0] ?? ''),
}

const cancel: Command = {
  name: 'workflow cancel',
  positionals: ['RUN'],
  sentence: 'Cancel a run that has not ended.',
  options: {},
  async run({ client, positionals: [runId = ''], print, signal }) {
    const answer = await client().workflows.cancelRun(runId, { signal })
    if (print.json || answer.run === undefined) print.record(answer)
    else showRun(print, answer.run)
    return 0
  },
}

const retry: Command = {
  name: 'workflow retry',
  positionals: ['RUN'],
  sentence: 'Start an ended run once more with the same params, and show its steps as they end.',
  // biome-ignore format: a table
  options: {
    from: { type: 'string', value: 'KEY', sentence: 'Begin at this action, with the answers before it.' },
    latest: { type: 'boolean', sentence: 'Run the live version, not the one of the run.' },
    detach: { type: 'boolean', sentence: 'Do not wait: show the id of the run.' },
  },
  async run(context) {
    const {
      client,
      positionals: [runId = ''],
      options,
      print,
      signal,
    } = context
    const from = typeof options.from === 'string' ? { from: options.from } : {}
    const started = await client().workflows.retryRun(
      runId,
      { ...from, useLatest: options.latest === true },
      { signal },
    )
    if (options.detach !== true) return follow(context, started.runId)
    print.record(started)
    return 0
  },
}

export const RUNS: readonly Command[] = [run, debug, runs, logs, cancel, retry]
