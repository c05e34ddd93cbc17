/** Each client, as its users write it. All of them reconnect behind the last event that they have seen. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EventSource } from 'eventsource'
import { WebSocket } from 'ws'
import type { Organization, RunningPlatform } from '../kafka/platform.ts'
import { runTool } from '../webhooks/run-tool.ts'

export interface Task {
  base: string
  organization: Organization
  count: number
  platform: RunningPlatform
}

export interface Client {
  name: string
  read(task: Task, onSequence: (sequence: number) => void): Promise<void>
}

const HERE = import.meta.dirname
const NOTICES = new Set(['ready', 'position', 'gap', 'end'])
const GENERIC = 'platformxe.generic'

const streamOf = ({ base }: Task) => `${base}/api/v1/events/stream?types=*&from=earliest`
const socketOf = ({ base }: Task) => `${base.replace('http', 'ws')}/api/v1/events/ws`

export const clientsOf = (directory: string): Client[] => [
  { name: 'curl -N', read: readByCurl },
  { name: 'eventsource (npm)', read: readByEventSource },
  { name: 'ws (npm)', read: readByWebSocket },
  python(directory, 'sseclient-py', 'sse_client.py', streamOf),
  python(directory, 'httpx-sse', 'httpx_client.py', streamOf),
  python(directory, 'websockets (Python)', 'websocket_client.py', socketOf),
]

function python(directory: string, name: string, file: string, urlOf: (task: Task) => string): Client {
  return {
    name,
    async read(task, onSequence) {
      const program = await pythonWithClients(directory)
      const words = [join(HERE, 'python', file), urlOf(task), task.organization.apiKey, String(task.count)]
      await eachLine(program, words, line => onSequence(Number(line)))
    },
  }
}

/** A Python that has the packages, made once. */
async function pythonWithClients(directory: string): Promise<string> {
  const venv = join(directory, 'venv')
  const program = join(venv, 'bin', 'python')
  if (existsSync(program)) return program
  await runTool('python3', ['-m', 'venv', venv])
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  await runTool(program, [...pip, '-r', join(HERE, 'python', 'requirements.txt')])
  return program
}

/** One run for each connection, as a shell script would. */
async function readByCurl(task: Task, onSequence: (sequence: number) => void): Promise<void> {
  let seen = 0
  let last: string | undefined
  while (seen < task.count) {
    const words = ['-sN', streamOf(task), '-H', `authorization: Bearer ${task.organization.apiKey}`]
    let event = ''
    await eachLine('curl', last === undefined ? words : [...words, '-H', `last-event-id: ${last}`], line => {
      if (line.startsWith('id: ')) last = line.slice(4)
      if (line.startsWith('event: ')) event = line.slice(7)
      if (!line.startsWith('data: ') || NOTICES.has(event)) return true
      onSequence(JSON.parse(line.slice(6)).sequence)
      return ++seen < task.count
    })
  }
}

async function readByEventSource(
  { base, organization, count, platform }: Task,
  onSequence: (sequence: number) => void,
) {
  const { data } = await platform.call<{ token: string }>(organization.apiKey, 'POST', '/api/v1/events/stream-tokens', {
    types: '*',
  })
  const source = new EventSource(`${base}/api/v1/events/stream?token=${data.token}&from=earliest`)
  let seen = 0
  await new Promise<void>(resolve =>
    source.addEventListener(GENERIC, ({ data: text }) => {
      onSequence(JSON.parse(text).sequence)
      if (++seen === count) resolve()
    }),
  )
  source.close()
}

async function readByWebSocket(task: Task, onSequence: (sequence: number) => void): Promise<void> {
  let seen = 0
  let last = 'earliest'
  while (seen < task.count)
    await new Promise<void>(resolve => {
      const headers = { authorization: `Bearer ${task.organization.apiKey}` }
      const socket = new WebSocket(socketOf(task), ['clarion.v1'], { headers })
      socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', id: 's', types: '*', from: last })))
      socket.on('close', () => resolve())
      socket.on('error', () => resolve())
      socket.on('message', text => {
        const { type, cursor, event } = JSON.parse(String(text))
        if (type !== 'event') return
        last = cursor
        onSequence(event.sequence)
        if (++seen === task.count) socket.close()
      })
    })
}

/** Lines of its output; it is ended when `onLine` answers false. */
function eachLine(program: string, words: string[], onLine: (line: string) => boolean | unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let left = ''
    let complaint = ''
    let isLeft = false
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-1_000)
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (left + text).split('\n')
      left = lines.pop()!
      for (const line of lines)
        if (!isLeft && onLine(line) === false) {
          isLeft = true
          child.kill()
        }
    })
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0 || isLeft || program === 'curl') resolve()
      else reject(new Error(complaint || `it ended with ${code}`))
    })
  })
}
