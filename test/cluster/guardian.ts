/**
 * A small process beside the harness that ends the brokers when the harness is gone, however it ended: a frozen broker would otherwise stay on
 * the machine for ever. It learns of each broker through its standard input, which closes with the harness.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isAlive, type ProcessIdentity } from '../../src/embedded/process-identity.ts'

export interface Guardian {
  watch(broker: ProcessIdentity): void
  /** Ends what is left, and itself. */
  close(): Promise<void>
}

export function startGuardian(): Guardian {
  const file = fileURLToPath(import.meta.url)
  const flags = ['--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...flags, file, 'watch'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  child.unref()
  child.stdin.on('error', () => undefined)
  return {
    watch: broker => void child.stdin.write(`${JSON.stringify(broker)}\n`),
    async close() {
      child.ref() // the closer waits for its end
      child.stdin.end()
      await exited
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === 'watch') {
  const watched: ProcessIdentity[] = []
  const lines = createInterface({ input: process.stdin })
  lines.on('line', line => watched.push(JSON.parse(line) as ProcessIdentity))
  // SIGKILL ends a stopped process as well.
  lines.once('close', () => {
    for (const each of watched) if (isAlive(each)) process.kill(each.pid, 'SIGKILL')
  })
}
