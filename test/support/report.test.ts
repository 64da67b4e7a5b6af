import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folder.ts'
import { type Report, tallyOf } from './tally.mjs'

const HOUSE = join(import.meta.dirname, '../..')

/** What a run of Vitest over one file comes to. */
function failuresOf(text: string): readonly string[] {
  const folder = temporaryFolder()
  const report = join(folder, 'report.json')
  writeFileSync(join(folder, 'some.test.ts'), text)
  const args = ['run', '--globals', '--root', folder, `--outputFile=${report}`]
  const { status } = spawnSync(
    process.execPath,
    [
      join(HOUSE, 'node_modules/vitest/vitest.mjs'),
      ...args,
      `--reporter=${join(HOUSE, 'test/support/report.ts')}`,
    ],
    // Nothing of the run that this is part of.
    { env: { PATH: process.env.PATH, HOME: folder } },
  )
  const written = JSON.parse(readFileSync(report, 'utf8')) as Report
  const { failures } = tallyOf('unit', status ?? -1, written)
  return failures.map((failure) => failure.replaceAll(`${folder}/`, ''))
}

const CLOSED = `
class NetworkError extends Error { name = 'NetworkError'; code = 'closed' }
const closed = () => {
  const cause = Object.assign(new Error('the socket hung up'), { code: 'ECONNRESET' })
  return new NetworkError('request failed', { cause })
}`

test('of what was thrown, the code and the cause are told, and the cause’s code', () => {
  const [failure, ...more] = failuresOf(`${CLOSED}\ntest('asks', () => { throw closed() })`)
  expect(more).toEqual([])
  expect(failure?.split('\n').filter((line) => !line.startsWith('    at '))).toEqual([
    'some.test.ts > asks (failed)',
    'NetworkError: request failed',
    '  code: closed',
    'Caused by: Error: the socket hung up',
    '  code: ECONNRESET',
  ])
})

test('of what was expected to be otherwise, how it differs is told', () => {
  const [failure] = failuresOf(`test('counts', () => expect([1, 2]).toEqual([1, 3]))`)
  expect(failure).toMatch(/^some\.test\.ts > counts \(failed\)\nAssertionError: .*\n/)
  expect(failure?.split('\n').map((line) => line.trim())).toEqual(
    expect.arrayContaining(['-   3,', '+   2,']),
  )
})

test('of a test that was left out, why the hook before it failed is told', () => {
  const [failure] = failuresOf(
    `${CLOSED}\ndescribe('a relay', () => { beforeAll(() => { throw closed() }); test('answers', () => {}) })`,
  )
  expect(failure).toMatch(/^some\.test\.ts > a relay > answers \(skipped\)\nNetworkError: request failed/)
  expect(failure).toContain('\n  code: closed\n')
})

test('of what nobody awaited, the code is told', () => {
  const [failure, ...more] = failuresOf(`${CLOSED}\ntest('forgets', () => void Promise.reject(closed()))`)
  expect(more).toEqual([])
  expect(failure).toMatch(/though every test passed.*\nNetworkError: request failed/)
  expect(failure).toContain('\n  code: closed\n')
})

test('tests that passed are counted', () => {
  expect(failuresOf(`test('passes', () => {})`)).toEqual([])
})
