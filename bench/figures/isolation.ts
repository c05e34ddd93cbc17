/**
 * One of a hundred endpoints takes 30 s for every request, with 1 % and with half of the events: what that does to the other 99, with the peer
 * benchmark at 100 events a second. The baseline is the same load while all are well.
 */
import { openPeerHarness, type Result } from '../peer-harness.ts'
import { type Row, short } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const ENDPOINTS = ['--mode', 'open', '--rate', '100', '--endpoints', '100']
const STALLED = ['--stall', '7', '--stallMs', '30000', '--drain', '20']
const GOAL = { times: 1.2, plusMs: 5 }
/** The best systems measured with it so far, at any share. */
const OTHERS_S = 44

export async function measureIsolation(testbed: Testbed): Promise<Row[]> {
  const harness = await openPeerHarness(testbed)
  if (typeof harness === 'string') {
    testbed.say(harness)
    return [{ figure: 'isolation', clarion: harness, baseline: '', ratio: '', goal: '', holds: undefined }]
  }
  const secs = String(Math.max(20, testbed.options.seconds))
  const load = ['--system', 'clarion', '--secs', secs, ...ENDPOINTS]
  await harness.program('load.mjs', ['--system', 'clarion', '--secs', '5', ...ENDPOINTS])
  const healthy = await harness.program('load.mjs', load)
  const one = await harness.program('load.mjs', [...load, ...STALLED])
  const half = await harness.program('load.mjs', [...load, ...STALLED, '--hot', '0.5'])
  await harness.platform.end()
  return [rowOf('1 % of the events', healthy, one), rowOf('half of the events', healthy, half)]
}

function rowOf(share: string, healthy: Result, stalled: Result): Row {
  const [before, now] = [healthy.latencyMs.p99, stalled.latencyMs.p99]
  return {
    figure: `an endpoint that hangs gets ${share}: p99 of the other 99, ms`,
    clarion: short(now),
    baseline: `${short(before)} (all well)`,
    ratio: short(now / before),
    goal: `≤ ${GOAL.times} × + ${GOAL.plusMs} ms (others ≥ ${OTHERS_S} s)`,
    holds: now <= GOAL.times * before + GOAL.plusMs,
  }
}
