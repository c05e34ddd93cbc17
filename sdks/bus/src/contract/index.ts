/**
 * What every bus guarantees, as cases that need no test framework, so that an adapter of any broker can be held to it. Each case opens a bus of its
 * own and closes it.
 */
import { closing, closingDurably } from './closing.ts'
import { failing, failingForPublisher, failingToDeadLetter } from './failing.ts'
import { ordering } from './ordering.ts'
import { Stage } from './stage.ts'
import type { ContractCase, ContractSubject } from './subject.ts'
import { subscribing } from './subscribing.ts'

export type { ContractCase, ContractSubject, OpenSettings } from './subject.ts'

/** The cases that apply to the subject. They may run in any order, one after the other. */
export function contractCases(subject: ContractSubject): ContractCase[] {
  const cases = {
    ...subscribing,
    ...ordering,
    ...failing,
    ...(subject.failures === 'publisher' ? failingForPublisher : failingToDeadLetter),
    ...closing,
    ...(subject.isDurable ? closingDurably : {}),
  }
  return Object.entries(cases).map(([title, run]) => ({
    title,
    async run() {
      const stage = await Stage.of(subject)
      try {
        await run(stage)
      } finally {
        await stage.end()
      }
    },
  }))
}

/** The two words that Jest, Vitest, Mocha and `node:test` share. */
export interface TestWords {
  describe(title: string, define: () => void): unknown
  it(title: string, run: () => Promise<void>): unknown
}

/** Declares the cases as tests. */
export function describeContract(name: string, subject: ContractSubject, { describe, it }: TestWords): void {
  describe(`${name}, by the contract of buses`, () => {
    for (const { title, run } of contractCases(subject)) it(title, run)
  })
}
