/** Redis and NATS as they come, on free ports of loopback, with nothing on disk outside of the suite's directory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'

export interface Server {
  port: number
  stop(): Promise<void>
}

const START_MS = 20_000

export const startRedis = (directory: string): Promise<Server> =>
  start('redis-server', port => ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', directory])

export const startNats = (directory: string): Promise<Server> =>
  start('nats-server', port => ['--jetstream', '--addr', '127.0.0.1', '--port', `${port}`, '--store_dir', directory])

/** Rejects when the program is not on the PATH, or does not take connections in time. */
async function start(program: string, argsOf: (port: number) => string[]): Promise<Server> {
  const [port] = (await chooseFreePorts(1)) as [number]
  const child = spawn(program, argsOf(port), { stdio: 'ignore' })
  const failed = new Promise<Error>(resolve => {
    child.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      resolve(new Error(code === 'ENOENT' ? `${program} is not on the PATH` : message)),
    )
    child.once('exit', code => resolve(new Error(`${program} ended with ${code}`)))
  })
  const deadline = performance.now() + START_MS
  while (!(await answers(port))) {
    const failure = await Promise.race([failed, pause(100).then(() => undefined)])
    if (failure !== undefined) throw failure
    if (performance.now() > deadline) throw new Error(`${program} did not start within ${START_MS / 1_000} s`)
  }
  return { port, stop: () => end(child) }
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exited
}
