import { readFileSync } from 'node:fs'
import TestSequencer from '@jest/test-sequencer'

/** Files that take longest, in a clone that has not measured them yet: they start or strike platforms and brokers of their own. */
const STARTS = /\b(?:startPlatform|startParent|killWhole|expectAllGone|changeKey)\(|deliverers\.ts'/

/** Slow files first, so that no worker begins one when the others have ended. Jest does so by the times of earlier runs, once it has some. */
export default class SlowFirst extends TestSequencer {
  sort(tests) {
    const sorted = super.sort(tests)
    if (sorted.some(({ duration }) => typeof duration === 'number')) return sorted
    const slow = new Set(sorted.filter(({ path }) => STARTS.test(readFileSync(path, 'utf8'))))
    return [...slow, ...sorted.filter(test => !slow.has(test))]
  }
}
