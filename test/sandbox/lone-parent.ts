/** A program for the tests of sandboxes: runs endless code, prints the pid of its process, and waits to be killed. */
import { createSystemClock } from '../../src/clock.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'

const sandbox = openSandbox({ clock: createSystemClock() })
setInterval(() => {}, 60_000)
const job = { input: 'null', timeoutMs: 10_000, memoryMb: 32, nowMs: 0, seed: [1, 2, 3, 4] }
await sandbox.run({ ...job, code: 'return 1' }, new AbortController().signal)
void sandbox.run({ ...job, code: 'for (;;) {}' }, new AbortController().signal)
console.log(sandbox.pid)
