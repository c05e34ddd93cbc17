/** One node of the cluster: a process that is started, stopped, killed, frozen and woken, on a directory and ports that stay its own. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brokerAnswers } from '../../src/embedded/broker-probe.ts'
import type { KafkaProgram } from '../../src/embedded/kafka-jars.ts'
import { BROKER_LOG, type Java, spawnBroker } from '../../src/embedded/kafka-java.ts'
import type { BrokerPorts } from '../../src/embedded/kafka-settings.ts'
import {
  endProcess,
  identifyProcess,
  isAlive,
  type ProcessIdentity,
  waitUntilGone,
} from '../../src/embedded/process-identity.ts'
import type { Template } from './templates.ts'
import { until } from './until.ts'

const HEAP_MB = 512
/** A broker whose quorum is away cannot say goodbye: after so long it is killed. */
const STOP_MS = 20_000

export interface ClusterNode {
  id: number
  ports: BrokerPorts
  /** Its process runs and is not frozen. */
  serves(): boolean
  state(): 'away' | 'running' | 'frozen'
  pid(): number | undefined
  /** Starts the process and waits until it listens; on an empty disk when there is none. */
  start(): Promise<void>
  /** SIGTERM, as a rolling restart does it: leaders move away first. */
  stop(): Promise<void>
  /** SIGKILL; a frozen one ends as well. */
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  /** The next start finds an empty disk. Only while it is away. */
  wipe(): void
}

export function createNode(deps: {
  id: number
  ports: BrokerPorts
  directory: string
  settings: string
  template: Template
  program: KafkaProgram
  java: Java
  /** Learns of each process, so that none outlives the harness. */
  onStarted(process: ProcessIdentity): void
}): ClusterNode {
  const { id, ports, directory, template, program, java } = deps
  let current: ProcessIdentity | undefined
  let isFrozen = false
  let hasDisk = false
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'server.properties'), deps.settings, { mode: 0o600 })

  const lives = (): boolean => current !== undefined && isAlive(current)
  const state = () => (!lives() ? 'away' : isFrozen ? 'frozen' : 'running')

  function signal(name: NodeJS.Signals): void {
    if (lives()) process.kill(current!.pid, name)
  }

  async function gone(): Promise<void> {
    if (current !== undefined && !(await waitUntilGone(current, STOP_MS))) throw new Error(`node ${id} does not end`)
    current = undefined
    isFrozen = false
  }

  return {
    id,
    ports,
    state,
    serves: () => state() === 'running',
    pid: () => (lives() ? current!.pid : undefined),
    async start() {
      if (lives()) throw new Error(`node ${id} runs already`)
      if (!hasDisk) template.copyTo(directory, id)
      hasDisk = true
      const child = spawnBroker({ program, java, directory, heapMb: HEAP_MB, profile: 'test' })
      child.once('error', () => undefined) // shows below: it does not live
      current = child.pid === undefined ? undefined : identifyProcess(child.pid)
      isFrozen = false
      if (current !== undefined) deps.onStarted(current)
      await until(`node ${id} listens; its log is ${join(directory, BROKER_LOG)}`, async () => {
        if (!lives()) throw new Error(`node ${id} ended as it started; its log is ${join(directory, BROKER_LOG)}`)
        return isFrozen || ((await brokerAnswers(ports.internal)) && (await brokerAnswers(ports.clients)))
      })
    },
    async stop() {
      if (isFrozen) throw new Error(`node ${id} is frozen: thaw it, or kill it`)
      if (current !== undefined) await endProcess(current, STOP_MS)
      await gone()
    },
    async kill() {
      signal('SIGKILL')
      await gone()
    },
    freeze() {
      if (state() !== 'running') throw new Error(`node ${id} is ${state()} and cannot be frozen`)
      signal('SIGSTOP')
      isFrozen = true
    },
    thaw() {
      signal('SIGCONT')
      isFrozen = false
    },
    wipe() {
      if (lives()) throw new Error(`node ${id} runs: its disk cannot be wiped`)
      hasDisk = false
    },
  }
}
