/** The nodes of the cluster: started and ended, frozen and woken, each or several at once. */
import { join } from 'node:path'
import type { KafkaProgram } from '../../src/embedded/kafka-jars.ts'
import type { Java } from '../../src/embedded/kafka-java.ts'
import type { BrokerPorts } from '../../src/embedded/kafka-settings.ts'
import type { ProcessIdentity } from '../../src/embedded/process-identity.ts'
import { type ClusterNode, createNode } from './node.ts'
import { nodeSettings, SPARE, type Template, VOTERS } from './templates.ts'

export interface ClusterNodes {
  /** Node ids: 1 to 3, and 4 once it was added. */
  nodes(): number[]
  state(n: number): ReturnType<ClusterNode['state']>
  pid(n: number): number | undefined
  ports(n: number): BrokerPorts

  /** `kill -9`. The controller notices after the session timeout. A frozen broker can be killed, too. */
  kill(...nodes: number[]): Promise<void>
  /** Controlled shutdown (SIGTERM): leaders move away first. Killed after 20 s, for instance when its quorum is away. */
  stop(...nodes: number[]): Promise<void>
  /** Starts brokers that are away, together, and waits until the controller lets clients see them. `listening`: until they listen only. */
  start(n: number | number[], wait?: 'unfenced' | 'listening'): Promise<void>
  /** SIGSTOP: connections stay open, and nothing is answered. */
  freeze(n: number): void
  /** SIGCONT. */
  thaw(n: number): void
  /** Empties the disk of a broker that is away; the next start finds nothing on it, and fetches everything from the others. */
  wipe(n: number): void
  /** Starts a fourth broker, which has no vote in the quorum and leads nothing yet. Answers its id. Kill it to take away what was moved to it. */
  addBroker(): Promise<number>
}

export function createClusterNodes(deps: {
  /** Takes the nodes' disks and logs. */
  directory: string
  program: KafkaProgram
  java: Java
  template: Template
  ports: ReadonlyMap<number, BrokerPorts>
  sessionTimeoutMs: number
  onStarted(process: ProcessIdentity): void
  /** Resolves when every broker that serves sees these brokers. */
  seen(ids: number[]): Promise<unknown>
}) {
  const { directory, program, java, template, ports, sessionTimeoutMs, onStarted } = deps
  const nodes = new Map<number, ClusterNode>()
  for (const id of VOTERS) add(id)

  function add(id: number): void {
    const settings = nodeSettings(id, ports, template.password, { sessionTimeoutMs })
    const own = { id, ports: ports.get(id)!, directory: join(directory, `node-${id}`), settings }
    nodes.set(id, createNode({ ...own, template, program, java, onStarted }))
  }

  function nodeOf(n: number): ClusterNode {
    const node = nodes.get(n)
    if (!node) throw new Error(`there is no node ${n}`)
    return node
  }

  async function start(n: number | number[], wait: 'unfenced' | 'listening' = 'unfenced'): Promise<void> {
    const wanted = [n].flat()
    await Promise.all(wanted.map(each => nodeOf(each).start()))
    if (wait === 'unfenced') await deps.seen(wanted)
  }

  const idsOf = (isIt: (node: ClusterNode) => boolean) => [...nodes.values()].filter(isIt).map(({ id }) => id)

  return {
    nodes: () => [...nodes.keys()],
    state: n => nodeOf(n).state(),
    pid: n => nodeOf(n).pid(),
    ports: n => nodeOf(n).ports,
    async kill(...which) {
      await Promise.all(which.map(n => nodeOf(n).kill()))
    },
    async stop(...which) {
      await Promise.all(which.map(n => nodeOf(n).stop()))
    },
    start,
    freeze: n => nodeOf(n).freeze(),
    thaw: n => nodeOf(n).thaw(),
    wipe: n => nodeOf(n).wipe(),
    async addBroker() {
      if (!nodes.has(SPARE)) add(SPARE)
      if (nodeOf(SPARE).state() === 'away') await start(SPARE)
      return SPARE
    },
    /** Its process runs and is not frozen. */
    serving: () => idsOf(node => node.serves()),
    away: () => idsOf(node => node.state() === 'away'),
    /** Ends every node. Rejects afterwards if one could not be ended. */
    async end() {
      const ended = await Promise.allSettled([...nodes.values()].map(node => node.kill()))
      for (const each of ended) if (each.status === 'rejected') throw each.reason
    },
  } satisfies ClusterNodes & Record<string, unknown>
}
