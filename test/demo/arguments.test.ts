import { describe, expect, it } from '@jest/globals'
import { readArguments } from '../../demo/arguments.ts'

const running = { base: 'http://127.0.0.1:8080', adminKey: 'k' }

describe('the command line of the demo', () => {
  it('starts a platform of its own unless the arguments name one', () => {
    expect(readArguments([], { CLARION_ADMIN_KEY: 'k' })).toEqual({
      running: undefined,
      listen: '127.0.0.1',
      keep: false,
      domain: false,
      workflows: false,
    })
    expect(readArguments(['--domain'], {})).toMatchObject({ domain: true })
    expect(readArguments(['--workflows'], {})).toMatchObject({ workflows: true })
    expect(readArguments(['--url', 'http://127.0.0.1:8080/', '--key', 'k'], {})).toMatchObject({ running })
    expect(readArguments(['--keep'], { CLARION_URL: 'http://127.0.0.1:8080', CLARION_ADMIN_KEY: 'k' })).toMatchObject({
      running,
      keep: true,
    })
    expect(readArguments(['--help'], { CLARION_URL: 'http://127.0.0.1:8080' })).toBe('help')
  })

  it.each([
    [['--url', '127.0.0.1:8080', '--key', 'k'], /must begin with http/],
    [['--url', 'http://127.0.0.1:8080'], /--key/],
    [['--key', 'k'], /goes with --url/],
    [['--keep'], /goes with --url/],
    [['--domain', '--url', 'http://127.0.0.1:8080', '--key', 'k'], /takes no --url/],
    [['--workflows', '--url', 'http://127.0.0.1:8080', '--key', 'k'], /--workflows kills/],
    [['--workflows', '--domain'], /two demos/],
    [['--fast'], /--help/],
    [['now'], /--help/],
  ])('refuses %j in a sentence', (given, sentence) => {
    expect(() => readArguments(given, {})).toThrow(sentence)
  })
})
