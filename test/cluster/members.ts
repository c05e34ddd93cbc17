/** Processes that hold shards of one role, and the history of their holdings. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { KafkaSettings } from '../../src/kafka/protocol/wire.ts'
import { adopt } from '../support/run-directory.ts'
import type { MemberLine, MemberOptions } from './member-process.ts'
import { until } from './until.ts'

const PROGRAM = fileURLToPath(new URL('./member-process.ts', import.meta.url))
const FLAGS = ['--disable-warning=ExperimentalWarning']

export type MemberState = Extract<MemberLine, { what: 'state' }>

export interface MemberProcess {
  name: string
  lines: MemberLine[]
  /** When it was killed or has ended, ms of the machine's clock. */
  endedAtMs: number | undefined
  state(): Promise<MemberState>
  signal(name: NodeJS.Signals): void
  kill(): Promise<void>
  /** Drains nothing, says goodbye. */
  leave(): Promise<void>
}

export function createMembers(kafka: KafkaSettings, role: string) {
  const all: MemberProcess[] = []
  const isRunning = (member: MemberProcess) => member.endedAtMs === undefined

  function start(instance: string, drainMs = 100): MemberProcess {
    const options: MemberOptions = { kafka, role, instance, drainMs }
    const child: ChildProcess = spawn(process.execPath, [...FLAGS, PROGRAM, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    adopt(child.pid!)
    const asked: Array<(state: MemberState) => void> = []
    const member: MemberProcess = {
      name: instance,
      lines: [],
      endedAtMs: undefined,
      state: () =>
        new Promise(resolve => {
          asked.push(resolve)
          child.stdin!.write('?\n')
        }),
      signal: name => void child.kill(name),
      async kill() {
        child.kill('SIGKILL')
        await ended
      },
      async leave() {
        child.stdin!.write('leave\n')
        await ended
      },
    }
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve())).then(() => {
      member.endedAtMs = Date.now()
    })
    createInterface({ input: child.stdout! }).on('line', text => {
      const line = JSON.parse(text) as MemberLine
      if (line.what === 'state') asked.shift()?.(line)
      else member.lines.push(line)
    })
    all.push(member)
    return member
  }

  return {
    all,
    start,
    /** Resolves when these members hold every shard between them, evenly, with leases that are confirmed. */
    settled: (members: readonly MemberProcess[], shards: number): Promise<MemberState[]> =>
      until(`${members.map(({ name }) => name).join(', ')} hold ${shards} shards`, async () => {
        const states = await Promise.all(members.map(member => member.state()))
        const held = states.flatMap(state => state.shards)
        const sizes = states.map(state => state.shards.length)
        const isEven = Math.max(...sizes) - Math.min(...sizes) <= 1
        return (
          held.length === shards &&
          new Set(held).size === shards &&
          isEven &&
          states.every(({ isHeld }) => isHeld) &&
          states
        )
      }),
    /** Shards that two processes held at the same time, as sentences; a lost lease holds nothing. */
    heldTwice: (): string[] => heldTwice(all),
    async close(): Promise<void> {
      await Promise.all(all.filter(isRunning).map(member => member.kill()))
    },
  }
}

interface Span {
  name: string
  shard: number
  fromMs: number
  toMs: number
}

function spansOf({ name, lines, endedAtMs = Number.POSITIVE_INFINITY }: MemberProcess): Span[] {
  const spans: Span[] = []
  const since = new Map<number, number>()
  let suspended: number[] | undefined
  const end = (shard: number, toMs: number) => {
    const fromMs = since.get(shard)
    if (fromMs !== undefined) spans.push({ name, shard, fromMs, toMs })
    since.delete(shard)
  }
  for (const line of lines) {
    if (line.what === 'claimed') for (const shard of line.shards) since.set(shard, since.get(shard) ?? line.atMs)
    if (line.what === 'ended')
      for (const shard of line.shards) {
        end(shard, line.atMs)
        suspended = suspended?.filter(each => each !== shard)
      }
    if (line.what === 'lost') {
      suspended = [...since.keys()]
      for (const shard of suspended) end(shard, line.atMs)
    }
    if (line.what === 'found') for (const shard of suspended ?? []) since.set(shard, line.atMs)
  }
  for (const shard of [...since.keys()]) end(shard, endedAtMs)
  return spans
}

function heldTwice(members: readonly MemberProcess[]): string[] {
  const spans = members.flatMap(spansOf)
  return spans.flatMap((one, at) =>
    spans
      .slice(at + 1)
      .filter(
        ({ name, shard, fromMs, toMs }) =>
          name !== one.name && shard === one.shard && fromMs < one.toMs && one.fromMs < toMs,
      )
      .map(
        other =>
          `shard ${one.shard}: ${one.name} ${one.fromMs}–${one.toMs}, ${other.name} ${other.fromMs}–${other.toMs}`,
      ),
  )
}
